/* vfmadd on ymm registers. Needs AVX2, FMA. Bound: the FMA pipes. */

#include "fma.h"
#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

#define CHAINS 12 /* and the unit: 13 of the 16 registers */
#define START_SUM (CHAINS * (CHAINS - 1) / 2)

TARGET_BEGIN(AVX2)

double fma_f32_avx2(size_t steps, double one)
{
    const __m256 unit_f32x8 = _mm256_set1_ps((float)one);
    __m256 chain_f32x8[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        chain_f32x8[i] = _mm256_set1_ps((float)(i * one));
    for (size_t step = 0; step < steps; step++)
        UNROLL
        for (int i = 0; i < CHAINS; i++)
            chain_f32x8[i] = _mm256_fmadd_ps(chain_f32x8[i], unit_f32x8, unit_f32x8);
    __m256 total_f32x8 = _mm256_setzero_ps();
    for (int i = 0; i < CHAINS; i++)
        total_f32x8 = _mm256_add_ps(total_f32x8, chain_f32x8[i]);
    float lanes[8];
    _mm256_storeu_ps(lanes, total_f32x8);
    double sum = -8 * START_SUM;
    for (int i = 0; i < 8; i++)
        sum += lanes[i];
    return sum;
}

double fma_f64_avx2(size_t steps, double one)
{
    const __m256d unit_f64x4 = _mm256_set1_pd(one);
    __m256d chain_f64x4[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        chain_f64x4[i] = _mm256_set1_pd(i * one);
    for (size_t step = 0; step < steps; step++)
        UNROLL
        for (int i = 0; i < CHAINS; i++)
            chain_f64x4[i] = _mm256_fmadd_pd(chain_f64x4[i], unit_f64x4, unit_f64x4);
    __m256d total_f64x4 = _mm256_setzero_pd();
    for (int i = 0; i < CHAINS; i++)
        total_f64x4 = _mm256_add_pd(total_f64x4, chain_f64x4[i]);
    double lanes[4];
    _mm256_storeu_pd(lanes, total_f64x4);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3] - 4 * START_SUM;
}

TARGET_END
#endif
