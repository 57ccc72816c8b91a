/* fmla of float16, four sums at a time: the tile of float32 is no multiple of eight. */

#include "gemm_blocks.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

TARGET_BEGIN("arch=armv8.2-a+fp16")

#define MR ((size_t)8)
#define A_LANES ((size_t)8)
#define NR ((size_t)12)
#define LANES ((size_t)4)

#define WIDENED gemm_f16_neon
#define GETTER gemm_fp16acc_neonfp16
#define HELD float16x4_t
#define HOLD(place) vcvt_f16_f32(vld1q_f32(place))
#define SPREAD_HELD(x) vcvt_f16_f32(vdupq_n_f32(x))
#define FUSED(x, y, sum) vfma_f16(sum, x, y)
#define RELEASE(place, sum) vst1q_f32(place, vcvt_f32_f16(sum))
#include "gemm_fp16acc.h"

TARGET_END
#endif
