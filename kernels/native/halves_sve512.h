/* Vectors of 512 bits in SVE, and 16 bits as float32: on its way from and to memory, a
   16-bit element lies in the lower half of a 32-bit lane. */

#include <arm_sve.h>

#define VECTOR_512 __attribute__((arm_sve_vector_bits(512)))

typedef svfloat16_t f16x32 VECTOR_512;
typedef svfloat32_t f32x16 VECTOR_512;
typedef svfloat64_t f64x8 VECTOR_512;
typedef svuint32_t u32x16 VECTOR_512;
typedef svuint64_t u64x8 VECTOR_512;

#define EVERY svptrue_b8()
#define SOME(count) svwhilelt_b32_u64(0, count)

static inline f32x16 widen_vector_f16(u32x16 half)
{
    return svcvt_f32_f16_x(EVERY, svreinterpret_f16_u32(half));
}

static inline u32x16 round_vector_f16(f32x16 wide)
{
    return svreinterpret_u32_f16(svcvt_f16_f32_x(EVERY, wide));
}

static inline f32x16 widen_vector_bf16(u32x16 half)
{
    return svreinterpret_f32_u32(svlsl_n_u32_x(EVERY, half, 16));
}

/* To nearest even; a NaN becomes quiet instead. */
static inline u32x16 round_vector_bf16(f32x16 wide)
{
    const u32x16 bits = svreinterpret_u32_f32(wide);
    const u32x16 odd = svand_n_u32_x(EVERY, svlsr_n_u32_x(EVERY, bits, 16), 1);
    const u32x16 near = svadd_u32_x(EVERY, bits, svadd_n_u32_x(EVERY, odd, 0x7fff));
    const svbool_t nan = svcmpuo_f32(EVERY, wide, wide);
    const u32x16 quiet = svorr_n_u32_x(EVERY, bits, 0x400000);
    return svlsr_n_u32_x(EVERY, svsel_u32(nan, quiet, near), 16);
}
