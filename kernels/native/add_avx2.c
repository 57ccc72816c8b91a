/* 32-byte vectors; float16 by F16C, bfloat16 by shifts. Needs AVX2 and F16C. */

#include "add.h"
#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX2)

static inline __m256 load_f16(const uint16_t *place)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const void *)place));
}

static inline __m128i round_f16(__m256 sum_f32x8)
{
    return _mm256_cvtps_ph(sum_f32x8, _MM_FROUND_TO_NEAREST_INT);
}

/* Elements 0, 2, ... and 1, 3, ... of sixteen, so that nothing is shuffled. */
struct pair {
    __m256 even_f32x8, odd_f32x8;
};

static inline struct pair load_bf16(const uint16_t *place)
{
    const __m256i both = _mm256_loadu_si256((const void *)place);
    const __m256i upper = _mm256_set1_epi32((int)0xffff0000u);
    return (struct pair){_mm256_castsi256_ps(_mm256_slli_epi32(both, 16)),
                         _mm256_castsi256_ps(_mm256_and_si256(both, upper))};
}

static inline struct pair add_pair(struct pair a, struct pair b)
{
    return (struct pair){_mm256_add_ps(a.even_f32x8, b.even_f32x8),
                         _mm256_add_ps(a.odd_f32x8, b.odd_f32x8)};
}

/* Round to nearest even in the upper half; a NaN stays one and becomes quiet. */
static inline __m256i upper_half(__m256 x_f32x8)
{
    const __m256i bits = _mm256_castps_si256(x_f32x8);
    const __m256i odd =
        _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i up = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff));
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256 is_nan = _mm256_cmp_ps(x_f32x8, x_f32x8, _CMP_UNORD_Q);
    return _mm256_blendv_epi8(_mm256_add_epi32(bits, up), quiet,
                              _mm256_castps_si256(is_nan));
}

static inline __m256i round_bf16(struct pair sum)
{
    const __m256i even = _mm256_srli_epi32(upper_half(sum.even_f32x8), 16);
    return _mm256_blend_epi16(even, upper_half(sum.odd_f32x8), 0xaa);
}

static inline void store_u16x8(uint16_t *place, __m128i stored)
{
    _mm_storeu_si128((void *)place, stored);
}

static inline void store_u16x16(uint16_t *place, __m256i stored)
{
    _mm256_storeu_si256((void *)place, stored);
}

#define NAME add_f16_avx2
#define REST add_f16_scalar
#define ELEMENT uint16_t
#define LANES 8
#define WIDE __m256
#define NARROW __m128i
#define LOAD load_f16
#define ADD _mm256_add_ps
#define ROUND round_f16
#define STORE store_u16x8
#include "add_blocks.h"

#define NAME add_bf16_avx2
#define REST add_bf16_scalar
#define ELEMENT uint16_t
#define LANES 16
#define WIDE struct pair
#define NARROW __m256i
#define LOAD load_bf16
#define ADD add_pair
#define ROUND round_bf16
#define STORE store_u16x16
#include "add_blocks.h"

#define NAME add_f32_avx2
#define REST add_f32_scalar
#define ELEMENT float
#define LANES 8
#define WIDE __m256
#define NARROW __m256
#define LOAD _mm256_loadu_ps
#define ADD _mm256_add_ps
#define ROUND
#define STORE _mm256_storeu_ps
#include "add_blocks.h"

#define NAME add_f64_avx2
#define REST add_f64_scalar
#define ELEMENT double
#define LANES 4
#define WIDE __m256d
#define NARROW __m256d
#define LOAD _mm256_loadu_pd
#define ADD _mm256_add_pd
#define ROUND
#define STORE _mm256_storeu_pd
#include "add_blocks.h"

TARGET_END
#endif
