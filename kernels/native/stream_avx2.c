/* 32-byte loads; non-temporal stores, which read no line before they write it.
   Needs AVX2. Bound: two loads per cycle in L1, then the caches and the memory. */

#include "stream.h"
#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

#define CHAINS 8

TARGET_BEGIN(AVX2)

uint64_t read_u64_avx2(const uint64_t *words, size_t count, size_t passes)
{
    __m256i sum_u64x4[CHAINS] = {{0}};
    for (size_t pass = 0; pass < passes; pass++) {
        NEW_PASS();
        for (size_t i = 0; i < count; i += 4 * CHAINS)
            UNROLL
            for (size_t j = 0; j < CHAINS; j++) {
                const void *place = words + i + 4 * j;
                sum_u64x4[j] =
                    _mm256_add_epi64(sum_u64x4[j], _mm256_loadu_si256(place));
            }
    }
    __m256i total_u64x4 = _mm256_setzero_si256();
    for (size_t j = 0; j < CHAINS; j++)
        total_u64x4 = _mm256_add_epi64(total_u64x4, sum_u64x4[j]);
    uint64_t lanes[4];
    _mm256_storeu_si256((void *)lanes, total_u64x4);
    return lanes[0] + lanes[1] + lanes[2] + lanes[3];
}

void triad_f64_avx2(double *restrict a, const double *restrict b,
                    const double *restrict c, double scale, size_t count,
                    size_t passes)
{
    const __m256d scale_f64x4 = _mm256_set1_pd(scale);
    for (size_t pass = 0; pass < passes; pass++) {
        for (size_t i = 0; i < count; i += 4) {
            const __m256d b_f64x4 = _mm256_loadu_pd(b + i);
            const __m256d c_f64x4 = _mm256_loadu_pd(c + i);
            _mm256_stream_pd(a + i, _mm256_fmadd_pd(scale_f64x4, c_f64x4, b_f64x4));
        }
        _mm_sfence();
    }
}

TARGET_END
#endif
