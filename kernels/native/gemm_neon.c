/* 16-byte vectors; float16 by fcvtl and fcvtn, which every AArch64 core has, bfloat16
   by shifts. Bound: multiply-adds; 24 of the 32 registers hold sums. */

#include "gemm_blocks.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

#define WIDE float32x4_t
#define LANES ((size_t)4)
#define ZERO() vdupq_n_f32(0.0f)
#define LOAD_WIDE vld1q_f32
#define STORE_WIDE vst1q_f32
#define SPREAD vdupq_n_f32
#define FMA(x, y, sum) vfmaq_f32(sum, x, y)
#define ADD_WIDE vaddq_f32
#define SUM vaddvq_f32
#define TRANSPOSE transpose

#define MR ((size_t)8)
#define A_LANES ((size_t)8)
#define DOT_ROWS8 2
#define NR_WIDE ((size_t)12)
#define NR_NARROW ((size_t)4)

static ALWAYS_INLINE uint16x4_t load_u16(const uint16_t *place, size_t left)
{
    uint16_t some[4] = {0};
    if (left < 4)
        memcpy(some, place, left * sizeof *some);
    return vld1_u16(left < 4 ? some : place);
}

static ALWAYS_INLINE float32x4_t load_f16(const uint16_t *place, size_t left)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(load_u16(place, left)));
}

static ALWAYS_INLINE float32x4_t load_bf16(const uint16_t *place, size_t left)
{
    return vreinterpretq_f32_u32(vshll_n_u16(load_u16(place, left), 16));
}

static ALWAYS_INLINE float32x4_t load_f32(const float *place, size_t left)
{
    float some[4] = {0};
    if (left < 4)
        memcpy(some, place, left * sizeof *some);
    return vld1q_f32(left < 4 ? some : place);
}

static ALWAYS_INLINE void store_u16(uint16_t *place, size_t left, uint16x4_t stored)
{
    uint16_t some[4];
    vst1_u16(left < 4 ? some : place, stored);
    if (left < 4)
        memcpy(place, some, left * sizeof *some);
}

static ALWAYS_INLINE void store_f16(uint16_t *place, size_t left, float32x4_t x_f32x4)
{
    store_u16(place, left, vreinterpret_u16_f16(vcvt_f16_f32(x_f32x4)));
}

/* Round to nearest even in the upper half; a NaN stays one and becomes quiet. */
static ALWAYS_INLINE void store_bf16(uint16_t *place, size_t left, float32x4_t x_f32x4)
{
    const uint32x4_t bits = vreinterpretq_u32_f32(x_f32x4);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t up = vaddq_u32(odd, vdupq_n_u32(0x7fff));
    const uint32x4_t quiet = vorrq_u32(bits, vdupq_n_u32(0x400000));
    const uint32x4_t is_number = vceqq_f32(x_f32x4, x_f32x4);
    const uint32x4_t rounded = vbslq_u32(is_number, vaddq_u32(bits, up), quiet);
    store_u16(place, left, vshrn_n_u32(rounded, 16));
}

static ALWAYS_INLINE void store_f32(float *place, size_t left, float32x4_t x_f32x4)
{
    float some[4];
    vst1q_f32(left < 4 ? some : place, x_f32x4);
    if (left < 4)
        memcpy(place, some, left * sizeof *some);
}

static ALWAYS_INLINE void transpose(float32x4_t x[4])
{
    const float32x4x2_t upper = vtrnq_f32(x[0], x[1]), lower = vtrnq_f32(x[2], x[3]);
    x[0] = vcombine_f32(vget_low_f32(upper.val[0]), vget_low_f32(lower.val[0]));
    x[1] = vcombine_f32(vget_low_f32(upper.val[1]), vget_low_f32(lower.val[1]));
    x[2] = vcombine_f32(vget_high_f32(upper.val[0]), vget_high_f32(lower.val[0]));
    x[3] = vcombine_f32(vget_high_f32(upper.val[1]), vget_high_f32(lower.val[1]));
}

#define ISA(stem) stem##_neon
#include "gemm_types.h"
#endif
