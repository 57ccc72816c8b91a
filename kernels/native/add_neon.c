/* 16-byte vectors; float16 by fcvtl and fcvtn, which every AArch64 core has, bfloat16
   by shifts. */

#include "add.h"
#include "target.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

static inline float32x4_t load_f16(const uint16_t *place)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(place)));
}

static inline uint16x4_t round_f16(float32x4_t sum_f32x4)
{
    return vreinterpret_u16_f16(vcvt_f16_f32(sum_f32x4));
}

static inline float32x4_t load_bf16(const uint16_t *place)
{
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(place), 16));
}

/* Round to nearest even in the upper half; a NaN stays one and becomes quiet. */
static inline uint16x4_t round_bf16(float32x4_t sum_f32x4)
{
    const uint32x4_t bits = vreinterpretq_u32_f32(sum_f32x4);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t up = vaddq_u32(odd, vdupq_n_u32(0x7fff));
    const uint32x4_t quiet = vorrq_u32(bits, vdupq_n_u32(0x400000));
    const uint32x4_t is_number = vceqq_f32(sum_f32x4, sum_f32x4);
    return vshrn_n_u32(vbslq_u32(is_number, vaddq_u32(bits, up), quiet), 16);
}

#define NAME add_f16_neon
#define REST add_f16_scalar
#define ELEMENT uint16_t
#define LANES 4
#define WIDE float32x4_t
#define NARROW uint16x4_t
#define LOAD load_f16
#define ADD vaddq_f32
#define ROUND round_f16
#define STORE vst1_u16
#include "add_blocks.h"

#define NAME add_bf16_neon
#define REST add_bf16_scalar
#define ELEMENT uint16_t
#define LANES 4
#define WIDE float32x4_t
#define NARROW uint16x4_t
#define LOAD load_bf16
#define ADD vaddq_f32
#define ROUND round_bf16
#define STORE vst1_u16
#include "add_blocks.h"

#define NAME add_f32_neon
#define REST add_f32_scalar
#define ELEMENT float
#define LANES 4
#define WIDE float32x4_t
#define NARROW float32x4_t
#define LOAD vld1q_f32
#define ADD vaddq_f32
#define ROUND
#define STORE vst1q_f32
#include "add_blocks.h"

#define NAME add_f64_neon
#define REST add_f64_scalar
#define ELEMENT double
#define LANES 2
#define WIDE float64x2_t
#define NARROW float64x2_t
#define LOAD vld1q_f64
#define ADD vaddq_f64
#define ROUND
#define STORE vst1q_f64
#include "add_blocks.h"

#endif
