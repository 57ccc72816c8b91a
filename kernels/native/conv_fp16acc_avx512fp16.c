/* True float16 FMA: one rounding to half in each step. */

#include "conv_fp16acc.h"

#include "half.h"
#include "target.h"

#if defined(TENBIN_AVX512FP16)
#include <immintrin.h>

TARGET_BEGIN(AVX512 ",avx512fp16")

#define STEP 32
#define HALVES __m512h
#define ZERO_HALVES _mm512_setzero_ph()
#define FMA_HALF(x, w, sum) \
    _mm512_fmadd_ph(_mm512_castsi512_ph(_mm512_set1_epi16((short)(x))), \
                    _mm512_castsi512_ph(_mm512_loadu_si512(w)), sum)
#define STORE_HALVES(place, sum) _mm512_storeu_si512(place, _mm512_castph_si512(sum))

#define NAME(part) all_##part
#define CHUNK 0
#define FP16ACC_GETTER conv_fp16acc_avx512fp16
#include "conv_fp16acc_sum.h"
#undef NAME
#undef CHUNK
#undef FP16ACC_GETTER

#define NAME(part) chunk_##part
#define CHUNK FP16ACC_CHUNK
#define FP16ACC_GETTER conv_fp16chunk_avx512fp16
#include "conv_fp16acc_sum.h"

TARGET_END
#endif
