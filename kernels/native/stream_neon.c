/* 16-byte loads and stores. NEON has no non-temporal store intrinsic: on most cores a
   streaming write is recognised by hardware, elsewhere the line is read first. */

#include "stream.h"
#include "target.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

#define CHAINS 8

uint64_t read_u64_neon(const uint64_t *words, size_t count, size_t passes)
{
    uint64x2_t sum_u64x2[CHAINS];
    for (size_t j = 0; j < CHAINS; j++)
        sum_u64x2[j] = vdupq_n_u64(0);
    for (size_t pass = 0; pass < passes; pass++) {
        NEW_PASS();
        for (size_t i = 0; i < count; i += 2 * CHAINS)
            UNROLL
            for (size_t j = 0; j < CHAINS; j++)
                sum_u64x2[j] =
                    vaddq_u64(sum_u64x2[j], vld1q_u64(words + i + 2 * j));
    }
    uint64_t total = 0;
    for (size_t j = 0; j < CHAINS; j++)
        total += vaddvq_u64(sum_u64x2[j]);
    return total;
}

void triad_f64_neon(double *restrict a, const double *restrict b,
                    const double *restrict c, double scale, size_t count,
                    size_t passes)
{
    const float64x2_t scale_f64x2 = vdupq_n_f64(scale);
    for (size_t pass = 0; pass < passes; pass++) {
        NEW_PASS();
        for (size_t i = 0; i < count; i += 2)
            vst1q_f64(a + i,
                      vfmaq_f64(vld1q_f64(b + i), vld1q_f64(c + i), scale_f64x2));
    }
}
#endif
