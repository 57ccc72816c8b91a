/* 32 sums at a time, by exact emulation: four vectors, whose chains overlap. */

#include "conv_fp16acc.h"

#include "half.h"
#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX2)

#include "fused_avx2.h"

#define VECTORS 4

struct halves {
    __m256 part[VECTORS];
};

static ALWAYS_INLINE struct halves add_products(uint16_t x, const uint16_t *w,
                                                struct halves sum)
{
    const __m256 wide = _mm256_cvtph_ps(_mm_set1_epi16((short)x));
    UNROLL
    for (size_t v = 0; v < VECTORS; v++) {
        const __m128i weights = _mm_loadu_si128((const void *)(w + 8 * v));
        sum.part[v] = fused(wide, _mm256_cvtph_ps(weights), sum.part[v]);
    }
    return sum;
}

static ALWAYS_INLINE void store_halves(uint16_t *place, struct halves sum)
{
    UNROLL
    for (size_t v = 0; v < VECTORS; v++)
        _mm_storeu_si128((void *)(place + 8 * v),
                         _mm256_cvtps_ph(sum.part[v], _MM_FROUND_TO_NEAREST_INT));
}

#define STEP 32
#define HALVES struct halves
#define ZERO_HALVES ((struct halves){{_mm256_setzero_ps()}})
#define FMA_HALF add_products
#define STORE_HALVES store_halves

#define NAME(part) all_##part
#define CHUNK 0
#define FP16ACC_GETTER conv_fp16acc_avx2
#include "conv_fp16acc_sum.h"
#undef NAME
#undef CHUNK
#undef FP16ACC_GETTER

#define NAME(part) chunk_##part
#define CHUNK FP16ACC_CHUNK
#define FP16ACC_GETTER conv_fp16chunk_avx2
#include "conv_fp16acc_sum.h"

TARGET_END
#endif
