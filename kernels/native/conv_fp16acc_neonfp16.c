/* True float16 FMA: one rounding to half in each step. */

#include "conv_fp16acc.h"

#include "half.h"
#include "target.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

TARGET_BEGIN("arch=armv8.2-a+fp16")

#define HALVES_OF(bits) vreinterpretq_f16_u16(bits)

#define STEP 8
#define HALVES float16x8_t
#define ZERO_HALVES HALVES_OF(vdupq_n_u16(0))
#define FMA_HALF(x, w, sum) \
    vfmaq_f16(sum, HALVES_OF(vdupq_n_u16(x)), HALVES_OF(vld1q_u16(w)))
#define STORE_HALVES(place, sum) vst1q_u16(place, vreinterpretq_u16_f16(sum))

#define NAME(part) all_##part
#define CHUNK 0
#define FP16ACC_GETTER conv_fp16acc_neonfp16
#include "conv_fp16acc_sum.h"
#undef NAME
#undef CHUNK
#undef FP16ACC_GETTER

#define NAME(part) chunk_##part
#define CHUNK FP16ACC_CHUNK
#define FP16ACC_GETTER conv_fp16chunk_neonfp16
#include "conv_fp16acc_sum.h"

TARGET_END
#endif
