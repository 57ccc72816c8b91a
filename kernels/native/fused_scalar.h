/* x y + sum of float16 that float32 holds, rounded once to float16: fused_avx2.h tells
   how. */

#include "half.h"

static inline float fused(float x, float y, float sum)
{
    const float product = x * y, s = product + sum;
    const float part = s - product;
    const float error = (product - (s - part)) + (sum - part); /* Knuth's two-sum */
    uint32_t bits = bits_of(s);
    if ((error > 0 || error < 0) && !(bits & 1))
        bits += (error > 0) == (s > 0) ? 1u : -1u;
    return widen_f16(round_f16(float_of(bits)));
}
