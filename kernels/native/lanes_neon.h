/* Vectors of float32 in NEON, and 16-bit memory; float16 by fcvtl and fcvtn, which every
   AArch64 core has, bfloat16 by shifts. */

#define LANES ((size_t)4)
#define WIDE float32x4_t
#define ZERO vdupq_n_f32(0)
#define LOAD(place) vld1q_f32(place)
#define STORE(place, wide) vst1q_f32(place, wide)
#define STORE_SOME(place, count, wide) \
    do { \
        float all[4]; \
        vst1q_f32(all, wide); \
        memcpy(place, all, (count) * sizeof *all); \
    } while (0)
#define BROADCAST(place) vld1q_dup_f32(place)
#define FMA(a, b, sum) vfmaq_f32(sum, a, b)
#define ADD(a, b) vaddq_f32(a, b)

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

static inline uint16x4_t load_some(const uint16_t *place, size_t count)
{
    uint16_t all[4] = {0};
    memcpy(all, place, count * sizeof *all);
    return vld1_u16(all);
}

static inline void store_some(uint16_t *place, size_t count, uint16x4_t halves)
{
    uint16_t all[4];
    vst1_u16(all, halves);
    memcpy(place, all, count * sizeof *all);
}

#define LOAD_HALF(place) vld1_u16(place)
#define LOAD_HALF_SOME(place, count) load_some(place, count)
#define STORE_HALF(place, half) vst1_u16(place, half)
#define STORE_HALF_SOME(place, count, half) store_some(place, count, half)
