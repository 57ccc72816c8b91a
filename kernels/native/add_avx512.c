/* 64-byte vectors; float16 by vcvtph2ps, bfloat16 by shifts: vcvtneps2bf16 would flush
   subnormal numbers. Needs AVX-512 F and BW. */

#include "add.h"
#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX512)

/* Thirty-two elements: the first and the last half of float16, of bfloat16 elements
   0, 2, ... and 1, 3, ... so that nothing is shuffled. */
struct pair {
    __m512 a_f32x16, b_f32x16;
};

static inline struct pair load_f16(const uint16_t *place)
{
    const __m256i first = _mm256_loadu_si256((const void *)place);
    const __m256i last = _mm256_loadu_si256((const void *)(place + 16));
    return (struct pair){_mm512_cvtph_ps(first), _mm512_cvtph_ps(last)};
}

static inline __m512i round_f16(struct pair sum)
{
    const __m256i first = _mm512_cvtps_ph(sum.a_f32x16, _MM_FROUND_TO_NEAREST_INT);
    const __m256i last = _mm512_cvtps_ph(sum.b_f32x16, _MM_FROUND_TO_NEAREST_INT);
    return _mm512_inserti64x4(_mm512_castsi256_si512(first), last, 1);
}

static inline struct pair load_bf16(const uint16_t *place)
{
    const __m512i both = _mm512_loadu_si512(place);
    const __m512i upper = _mm512_set1_epi32((int)0xffff0000u);
    return (struct pair){_mm512_castsi512_ps(_mm512_slli_epi32(both, 16)),
                         _mm512_castsi512_ps(_mm512_and_si512(both, upper))};
}

static inline struct pair add_pair(struct pair a, struct pair b)
{
    return (struct pair){_mm512_add_ps(a.a_f32x16, b.a_f32x16),
                         _mm512_add_ps(a.b_f32x16, b.b_f32x16)};
}

/* Round to nearest even in the upper half; a NaN stays one and becomes quiet. */
static inline __m512i upper_half(__m512 x_f32x16)
{
    const __m512i bits = _mm512_castps_si512(x_f32x16);
    const __m512i odd =
        _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
    const __mmask16 is_nan = _mm512_cmp_ps_mask(x_f32x16, x_f32x16, _CMP_UNORD_Q);
    return _mm512_mask_or_epi32(_mm512_add_epi32(bits, up), is_nan, bits,
                                _mm512_set1_epi32(0x400000));
}

static inline __m512i round_bf16(struct pair sum)
{
    const __m512i even = _mm512_srli_epi32(upper_half(sum.a_f32x16), 16);
    return _mm512_mask_blend_epi16(0xaaaaaaaau, even, upper_half(sum.b_f32x16));
}

static inline void store_u16x32(uint16_t *place, __m512i stored)
{
    _mm512_storeu_si512(place, stored);
}

#define NAME add_f16_avx512
#define REST add_f16_scalar
#define ELEMENT uint16_t
#define LANES 32
#define WIDE struct pair
#define NARROW __m512i
#define LOAD load_f16
#define ADD add_pair
#define ROUND round_f16
#define STORE store_u16x32
#include "add_blocks.h"

#define NAME add_bf16_avx512
#define REST add_bf16_scalar
#define ELEMENT uint16_t
#define LANES 32
#define WIDE struct pair
#define NARROW __m512i
#define LOAD load_bf16
#define ADD add_pair
#define ROUND round_bf16
#define STORE store_u16x32
#include "add_blocks.h"

#define NAME add_f32_avx512
#define REST add_f32_scalar
#define ELEMENT float
#define LANES 16
#define WIDE __m512
#define NARROW __m512
#define LOAD _mm512_loadu_ps
#define ADD _mm512_add_ps
#define ROUND
#define STORE _mm512_storeu_ps
#include "add_blocks.h"

#define NAME add_f64_avx512
#define REST add_f64_scalar
#define ELEMENT double
#define LANES 8
#define WIDE __m512d
#define NARROW __m512d
#define LOAD _mm512_loadu_pd
#define ADD _mm512_add_pd
#define ROUND
#define STORE _mm512_storeu_pd
#include "add_blocks.h"

TARGET_END
#endif
