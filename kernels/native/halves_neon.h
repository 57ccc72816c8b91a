/* 16 bits and float32 in NEON: float16 by fcvtl and fcvtn, which every AArch64 core has,
   bfloat16 by shifts. */

static inline float32x4_t widen_vector_f16(uint16x4_t half)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(half));
}

static inline uint16x4_t round_vector_f16(float32x4_t wide)
{
    return vreinterpret_u16_f16(vcvt_f16_f32(wide));
}

static inline float32x4_t widen_vector_bf16(uint16x4_t half)
{
    return vreinterpretq_f32_u32(vshll_n_u16(half, 16));
}

/* To nearest even; a NaN becomes quiet instead. */
static inline uint16x4_t round_vector_bf16(float32x4_t wide)
{
    const uint32x4_t bits = vreinterpretq_u32_f32(wide);
    const uint32x4_t odd = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t up = vaddq_u32(odd, vdupq_n_u32(0x7fff));
    const uint32x4_t quiet = vorrq_u32(bits, vdupq_n_u32(0x400000));
    const uint32x4_t is_number = vceqq_f32(wide, wide);
    return vshrn_n_u32(vbslq_u32(is_number, vaddq_u32(bits, up), quiet), 16);
}
