/* vdpbf16ps: bf16 in, f32 accumulate; each lane adds two products per step.
   Needs AVX512_BF16. Bound: the dot-product pipes. */

#include "fma.h"
#include "target.h"

#if defined(TENBIN_AVX512BF16)
#include <immintrin.h>

#define CHAINS 16

TARGET_BEGIN(AVX512 ",avx512bf16")

double fma_bf16_avx512bf16(size_t steps, double one)
{
    const __m512 unit_f32x16 = _mm512_set1_ps((float)one);
    const __m512bh unit_bf16x32 = _mm512_cvtne2ps_pbh(unit_f32x16, unit_f32x16);
    __m512 chain_f32x16[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        chain_f32x16[i] = _mm512_set1_ps((float)(i * one));
    for (size_t step = 0; step < steps; step++)
        UNROLL
        for (int i = 0; i < CHAINS; i++)
            chain_f32x16[i] =
                _mm512_dpbf16_ps(chain_f32x16[i], unit_bf16x32, unit_bf16x32);
    double sum = 0.0;
    for (int i = 0; i < CHAINS; i++)
        sum += _mm512_reduce_add_ps(chain_f32x16[i]) - 16 * i;
    return sum;
}

TARGET_END
#endif
