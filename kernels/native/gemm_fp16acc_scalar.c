/* One sum at a time, by exact emulation. */

#include "gemm_blocks.h"

#define MR ((size_t)4)
#define A_LANES ((size_t)4)
#define NR ((size_t)4)
#define LANES ((size_t)1)

static float fused(float x, float y, float sum)
{
    const float product = x * y, s = product + sum;
    const float part = s - product;
    const float error = (product - (s - part)) + (sum - part); /* Knuth's two-sum */
    uint32_t bits = bits_of(s);
    if ((error > 0 || error < 0) && !(bits & 1))
        bits += (error > 0) == (s > 0) ? 1u : -1u;
    return widen_f16(round_f16(float_of(bits)));
}

#define WIDENED gemm_f16_scalar
#define GETTER gemm_fp16acc_scalar
#define HELD float
#define HOLD(place) (*(place))
#define SPREAD_HELD(x) (x)
#define FUSED fused
#define RELEASE(place, sum) (*(place) = (sum))
#include "gemm_fp16acc.h"
