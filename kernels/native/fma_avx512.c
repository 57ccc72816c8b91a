/* vfmadd on zmm registers. Needs AVX-512 F. Bound: the FMA pipes. */

#include "fma.h"
#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

#define CHAINS 16

TARGET_BEGIN(AVX512)

double fma_f32_avx512(size_t steps, double one)
{
    const __m512 unit_f32x16 = _mm512_set1_ps((float)one);
    __m512 chain_f32x16[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        chain_f32x16[i] = _mm512_set1_ps((float)(i * one));
    for (size_t step = 0; step < steps; step++)
        UNROLL
        for (int i = 0; i < CHAINS; i++)
            chain_f32x16[i] =
                _mm512_fmadd_ps(chain_f32x16[i], unit_f32x16, unit_f32x16);
    double sum = 0.0;
    for (int i = 0; i < CHAINS; i++)
        sum += _mm512_reduce_add_ps(chain_f32x16[i]) - 16 * i;
    return sum;
}

double fma_f64_avx512(size_t steps, double one)
{
    const __m512d unit_f64x8 = _mm512_set1_pd(one);
    __m512d chain_f64x8[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        chain_f64x8[i] = _mm512_set1_pd(i * one);
    for (size_t step = 0; step < steps; step++)
        UNROLL
        for (int i = 0; i < CHAINS; i++)
            chain_f64x8[i] = _mm512_fmadd_pd(chain_f64x8[i], unit_f64x8, unit_f64x8);
    double sum = 0.0;
    for (int i = 0; i < CHAINS; i++)
        sum += _mm512_reduce_add_pd(chain_f64x8[i]) - 8 * i;
    return sum;
}

TARGET_END
#endif
