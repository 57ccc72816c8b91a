/* 64-byte loads and non-temporal stores. Bound: the caches and the memory. */

#include "stream.h"
#include "target.h"

#if defined(TENBIN_SVE512)

#include "halves_sve512.h"

#define CHAINS 8

uint64_t read_u64_sve512(const uint64_t *words, size_t count, size_t passes)
{
    u64x8 sum_u64x8[CHAINS];
    for (size_t j = 0; j < CHAINS; j++)
        sum_u64x8[j] = svdup_n_u64(0);
    for (size_t pass = 0; pass < passes; pass++) {
        NEW_PASS();
        for (size_t i = 0; i < count; i += 8 * CHAINS)
            UNROLL
            for (size_t j = 0; j < CHAINS; j++)
                sum_u64x8[j] = svadd_u64_x(EVERY, sum_u64x8[j],
                                           svld1_u64(EVERY, words + i + 8 * j));
    }
    uint64_t total = 0;
    for (size_t j = 0; j < CHAINS; j++)
        total += svaddv_u64(EVERY, sum_u64x8[j]);
    return total;
}

void triad_f64_sve512(double *restrict a, const double *restrict b,
                      const double *restrict c, double scale, size_t count,
                      size_t passes)
{
    const f64x8 scale_f64x8 = svdup_n_f64(scale);
    for (size_t pass = 0; pass < passes; pass++) {
        NEW_PASS();
        for (size_t i = 0; i < count; i += 8)
            svstnt1_f64(EVERY, a + i,
                        svmla_f64_x(EVERY, svld1_f64(EVERY, b + i), scale_f64x8,
                                    svld1_f64(EVERY, c + i)));
    }
}
#endif
