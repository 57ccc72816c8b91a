/* 8-byte loads and stores, as plain C without vectors does them. */

#include "stream.h"
#include "target.h"

#if defined(TENBIN_X86)
#define SEPARATE(x) __asm__("" : "+x"(x))
#elif defined(TENBIN_ARM)
#define SEPARATE(x) __asm__("" : "+w"(x))
#else
#define SEPARATE(x) (void)(x)
#endif

uint64_t read_u64_scalar(const uint64_t *words, size_t count, size_t passes)
{
    uint64_t sum[4] = {0};
    for (size_t pass = 0; pass < passes; pass++) {
        NEW_PASS();
        for (size_t i = 0; i < count; i += 4)
            UNROLL
            for (size_t j = 0; j < 4; j++) {
                sum[j] += words[i + j];
                __asm__("" : "+r"(sum[j])); /* keep the compiler from vectors */
            }
    }
    return sum[0] + sum[1] + sum[2] + sum[3];
}

void triad_f64_scalar(double *restrict a, const double *restrict b,
                      const double *restrict c, double scale, size_t count,
                      size_t passes)
{
    for (size_t pass = 0; pass < passes; pass++) {
        NEW_PASS();
        for (size_t i = 0; i < count; i++) {
            double x = b[i] + scale * c[i];
            SEPARATE(x);
            a[i] = x;
        }
    }
}
