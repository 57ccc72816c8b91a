/* fmla on 128-bit registers. NEON is part of every AArch64. Bound: the FMA pipes. */

#include "fma.h"
#include "target.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

#define CHAINS 24 /* up to 4 pipes x latency 4 to 6; 25 of the 32 registers */

double fma_f32_neon(size_t steps, double one)
{
    const float32x4_t unit_f32x4 = vdupq_n_f32((float)one);
    float32x4_t chain_f32x4[CHAINS];
    UNROLL
    for (int i = 0; i < CHAINS; i++)
        chain_f32x4[i] = vdupq_n_f32((float)(i * one));
    for (size_t step = 0; step < steps; step++)
        UNROLL
        for (int i = 0; i < CHAINS; i++)
            chain_f32x4[i] = vfmaq_f32(chain_f32x4[i], unit_f32x4, unit_f32x4);
    double sum = 0.0;
    UNROLL
    for (int i = 0; i < CHAINS; i++)
        sum += vaddvq_f32(chain_f32x4[i]) - 4 * i;
    return sum;
}

double fma_f64_neon(size_t steps, double one)
{
    const float64x2_t unit_f64x2 = vdupq_n_f64(one);
    float64x2_t chain_f64x2[CHAINS];
    UNROLL
    for (int i = 0; i < CHAINS; i++)
        chain_f64x2[i] = vdupq_n_f64(i * one);
    for (size_t step = 0; step < steps; step++)
        UNROLL
        for (int i = 0; i < CHAINS; i++)
            chain_f64x2[i] = vfmaq_f64(chain_f64x2[i], unit_f64x2, unit_f64x2);
    double sum = 0.0;
    UNROLL
    for (int i = 0; i < CHAINS; i++)
        sum += vaddvq_f64(chain_f64x2[i]) - 2 * i;
    return sum;
}
#endif
