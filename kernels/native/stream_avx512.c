/* 64-byte loads; non-temporal stores, which read no line before they write it.
   Needs AVX-512 F. Bound: two loads per cycle in L1, then the caches and the memory. */

#include "stream.h"
#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

#define CHAINS 8

TARGET_BEGIN(AVX512)

uint64_t read_u64_avx512(const uint64_t *words, size_t count, size_t passes)
{
    __m512i sum_u64x8[CHAINS] = {{0}};
    for (size_t pass = 0; pass < passes; pass++) {
        NEW_PASS();
        for (size_t i = 0; i < count; i += 8 * CHAINS)
            UNROLL
            for (size_t j = 0; j < CHAINS; j++) {
                const void *place = words + i + 8 * j;
                sum_u64x8[j] =
                    _mm512_add_epi64(sum_u64x8[j], _mm512_loadu_si512(place));
            }
    }
    uint64_t total = 0;
    for (size_t j = 0; j < CHAINS; j++)
        total += (uint64_t)_mm512_reduce_add_epi64(sum_u64x8[j]);
    return total;
}

void triad_f64_avx512(double *restrict a, const double *restrict b,
                      const double *restrict c, double scale, size_t count,
                      size_t passes)
{
    const __m512d scale_f64x8 = _mm512_set1_pd(scale);
    for (size_t pass = 0; pass < passes; pass++) {
        for (size_t i = 0; i < count; i += 8) {
            const __m512d b_f64x8 = _mm512_loadu_pd(b + i);
            const __m512d c_f64x8 = _mm512_loadu_pd(c + i);
            _mm512_stream_pd(a + i, _mm512_fmadd_pd(scale_f64x8, c_f64x8, b_f64x8));
        }
        _mm_sfence();
    }
}

TARGET_END
#endif
