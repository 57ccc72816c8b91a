/* fmla of float16, 32 sums at a time. */

#include "gemm_blocks.h"

#if defined(TENBIN_SVE512)

#include "halves_sve512.h"

#define MR ((size_t)14)
#define A_LANES ((size_t)16)
#define NR ((size_t)32)
#define LANES ((size_t)32)

static ALWAYS_INLINE f16x32 hold(const float *place)
{
    return svuzp1_f16(svcvt_f16_f32_x(EVERY, svld1_f32(EVERY, place)),
                      svcvt_f16_f32_x(EVERY, svld1_f32(EVERY, place + 16)));
}

static ALWAYS_INLINE void release(float *place, f16x32 sum)
{
    const svuint16_t bits = svreinterpret_u16_f16(sum);
    svst1_f32(EVERY, place, widen_vector_f16(svunpklo_u32(bits)));
    svst1_f32(EVERY, place + 16, widen_vector_f16(svunpkhi_u32(bits)));
}

#define WIDENED gemm_f16_sve512
#define GETTER gemm_fp16acc_sve512
#define HELD f16x32
#define HOLD hold
#define SPREAD_HELD(x) ((f16x32)svdup_n_f16((float16_t)(x)))
#define FUSED(x, y, sum) svmla_f16_x(EVERY, sum, x, y)
#define RELEASE release
#include "gemm_fp16acc.h"
#endif
