/* 32-byte vectors; float16 by vcvtph2ps. Needs AVX2, FMA and F16C. Bound: two
   multiply-adds per cycle. Twelve of the sixteen registers hold sums. */

#include "gemm_blocks.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX2)

#define WIDE __m256
#define LANES ((size_t)8)
#define ZERO _mm256_setzero_ps
#define LOAD_WIDE _mm256_loadu_ps
#define STORE_WIDE _mm256_storeu_ps
#define SPREAD _mm256_set1_ps
#define FMA _mm256_fmadd_ps
#define ADD_WIDE _mm256_add_ps
#define SUM total
#define TRANSPOSE transpose

#define MR ((size_t)6)
#define A_LANES ((size_t)8)
#define DOT_ROWS8 1
#define NR_WIDE ((size_t)16)
#define NR_NARROW ((size_t)8)

static ALWAYS_INLINE __m128i load_u16(const uint16_t *place, size_t left)
{
    uint16_t some[8] = {0};
    if (left < 8)
        memcpy(some, place, left * sizeof *some);
    return _mm_loadu_si128((const void *)(left < 8 ? some : place));
}

static ALWAYS_INLINE __m256 load_f16(const uint16_t *place, size_t left)
{
    return _mm256_cvtph_ps(load_u16(place, left));
}

static ALWAYS_INLINE __m256 load_bf16(const uint16_t *place, size_t left)
{
    const __m256i wide = _mm256_cvtepu16_epi32(load_u16(place, left));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}

static ALWAYS_INLINE __m256 load_f32(const float *place, size_t left)
{
    float some[8] = {0};
    if (left < 8)
        memcpy(some, place, left * sizeof *some);
    return _mm256_loadu_ps(left < 8 ? some : place);
}

static ALWAYS_INLINE void store_u16(uint16_t *place, size_t left, __m128i stored)
{
    if (left >= 8) {
        _mm_storeu_si128((void *)place, stored);
        return;
    }
    uint16_t some[8];
    _mm_storeu_si128((void *)some, stored);
    memcpy(place, some, left * sizeof *some);
}

static ALWAYS_INLINE void store_f16(uint16_t *place, size_t left, __m256 x_f32x8)
{
    store_u16(place, left, _mm256_cvtps_ph(x_f32x8, _MM_FROUND_TO_NEAREST_INT));
}

/* Round to nearest even in the upper half; a NaN stays one and becomes quiet. */
static ALWAYS_INLINE void store_bf16(uint16_t *place, size_t left, __m256 x_f32x8)
{
    const __m256i bits = _mm256_castps_si256(x_f32x8);
    const __m256i odd =
        _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i up = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff));
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256i is_nan =
        _mm256_castps_si256(_mm256_cmp_ps(x_f32x8, x_f32x8, _CMP_UNORD_Q));
    const __m256i rounded =
        _mm256_blendv_epi8(_mm256_add_epi32(bits, up), quiet, is_nan);
    const __m256i upper = _mm256_srli_epi32(rounded, 16);
    store_u16(place, left,
              _mm_packus_epi32(_mm256_castsi256_si128(upper),
                               _mm256_extracti128_si256(upper, 1)));
}

static ALWAYS_INLINE void store_f32(float *place, size_t left, __m256 x_f32x8)
{
    float some[8];
    _mm256_storeu_ps(left < 8 ? some : place, x_f32x8);
    if (left < 8)
        memcpy(place, some, left * sizeof *some);
}

static ALWAYS_INLINE float total(__m256 x_f32x8)
{
    __m128 sum =
        _mm_add_ps(_mm256_castps256_ps128(x_f32x8), _mm256_extractf128_ps(x_f32x8, 1));
    sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
    return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}

/* Pairs, quartets, then halves change places. */
static ALWAYS_INLINE void transpose(__m256 x[8])
{
    __m256 y[8];
    UNROLL
    for (int i = 0; i < 8; i += 2) {
        y[i] = _mm256_unpacklo_ps(x[i], x[i + 1]);
        y[i + 1] = _mm256_unpackhi_ps(x[i], x[i + 1]);
    }
    UNROLL
    for (int i = 0; i < 8; i += 4) {
        x[i] = _mm256_shuffle_ps(y[i], y[i + 2], 0x44);
        x[i + 1] = _mm256_shuffle_ps(y[i], y[i + 2], 0xee);
        x[i + 2] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0x44);
        x[i + 3] = _mm256_shuffle_ps(y[i + 1], y[i + 3], 0xee);
    }
    UNROLL
    for (int i = 0; i < 4; i++) {
        y[i] = _mm256_permute2f128_ps(x[i], x[i + 4], 0x20);
        y[i + 4] = _mm256_permute2f128_ps(x[i], x[i + 4], 0x31);
    }
    UNROLL
    for (int i = 0; i < 8; i++)
        x[i] = y[i];
}

#define ISA(stem) stem##_avx2
#include "gemm_types.h"

TARGET_END
#endif
