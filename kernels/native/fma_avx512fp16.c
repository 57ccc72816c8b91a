/* vfmaddph: f16 in, f16 accumulate. Needs AVX512-FP16. Bound: the FMA pipes.
   A lane counts exactly up to 2048. */

#include "fma.h"
#include "target.h"

#if defined(TENBIN_AVX512FP16)
#include <immintrin.h>

#define CHAINS 16
#define START_SUM (CHAINS * (CHAINS - 1) / 2)

TARGET_BEGIN(AVX512 ",avx512fp16")

double fma_f16_avx512fp16(size_t steps, double one)
{
    const __m512h unit_f16x32 = _mm512_set1_ph((_Float16)(float)one);
    __m512h chain_f16x32[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        chain_f16x32[i] = _mm512_set1_ph((_Float16)(float)(i * one));
    for (size_t step = 0; step < steps; step++)
        UNROLL
        for (int i = 0; i < CHAINS; i++)
            chain_f16x32[i] =
                _mm512_fmadd_ph(chain_f16x32[i], unit_f16x32, unit_f16x32);
    __m512 total_f32x16 = _mm512_setzero_ps();
    for (int i = 0; i < CHAINS; i++) {
        const __m512i bits = _mm512_castph_si512(chain_f16x32[i]);
        const __m256i low = _mm512_castsi512_si256(bits);
        const __m256i high = _mm512_extracti64x4_epi64(bits, 1);
        total_f32x16 = _mm512_add_ps(total_f32x16, _mm512_cvtph_ps(low));
        total_f32x16 = _mm512_add_ps(total_f32x16, _mm512_cvtph_ps(high));
    }
    return _mm512_reduce_add_ps(total_f32x16) - 32 * START_SUM;
}

TARGET_END
#endif
