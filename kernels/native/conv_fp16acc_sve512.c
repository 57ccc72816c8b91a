/* True float16 FMA: one rounding to half in each step. */

#include "conv_fp16acc.h"

#include "half.h"
#include "target.h"

#if defined(TENBIN_SVE512)

#include "halves_sve512.h"

#define HALVES_OF(bits) svreinterpret_f16_u16(bits)

#define STEP 32
#define HALVES f16x32
#define ZERO_HALVES svdup_n_f16(0)
#define FMA_HALF(x, w, sum) \
    svmla_f16_x(EVERY, sum, HALVES_OF(svdup_n_u16(x)), HALVES_OF(svld1_u16(EVERY, w)))
#define STORE_HALVES(place, sum) svst1_u16(EVERY, place, svreinterpret_u16_f16(sum))

#define NAME(part) all_##part
#define CHUNK 0
#define FP16ACC_GETTER conv_fp16acc_sve512
#include "conv_fp16acc_sum.h"
#undef NAME
#undef CHUNK
#undef FP16ACC_GETTER

#define NAME(part) chunk_##part
#define CHUNK FP16ACC_CHUNK
#define FP16ACC_GETTER conv_fp16chunk_sve512
#include "conv_fp16acc_sum.h"
#endif
