/* 64-byte vectors. Needs AVX-512 F, BW and VL. Bound: two multiply-adds per cycle. */

#include "gemm_blocks.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX512)

#include "gemm_transpose.h"

#define WIDE __m512
#define LANES ((size_t)16)
#define ZERO _mm512_setzero_ps
#define LOAD_WIDE _mm512_loadu_ps
#define STORE_WIDE _mm512_storeu_ps
#define SPREAD _mm512_set1_ps
#define FMA _mm512_fmadd_ps
#define ADD_WIDE _mm512_add_ps
#define SUM _mm512_reduce_add_ps
#define TRANSPOSE transpose

#define MR ((size_t)14)
#define A_LANES ((size_t)16)
#define DOT_ROWS8 3
#define NR_WIDE ((size_t)32)
#define NR_NARROW ((size_t)16)

static ALWAYS_INLINE __mmask16 first(size_t left)
{
    return left < 16 ? (__mmask16)((1u << left) - 1) : (__mmask16)0xffff;
}

static ALWAYS_INLINE __m512 load_f16(const uint16_t *place, size_t left)
{
    return _mm512_cvtph_ps(left < 16 ? _mm256_maskz_loadu_epi16(first(left), place)
                                     : _mm256_loadu_si256((const void *)place));
}

static ALWAYS_INLINE __m512 load_bf16(const uint16_t *place, size_t left)
{
    const __m256i bits = _mm256_maskz_loadu_epi16(first(left), place);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

static ALWAYS_INLINE __m512 load_f32(const float *place, size_t left)
{
    return _mm512_maskz_loadu_ps(first(left), place);
}

static ALWAYS_INLINE void store_f16(uint16_t *place, size_t left, __m512 x_f32x16)
{
    const __m256i half = _mm512_cvtps_ph(x_f32x16, _MM_FROUND_TO_NEAREST_INT);
    _mm256_mask_storeu_epi16(place, first(left), half);
}

/* Round to nearest even in the upper half; a NaN stays one and becomes quiet. */
static ALWAYS_INLINE void store_bf16(uint16_t *place, size_t left, __m512 x_f32x16)
{
    const __m512i bits = _mm512_castps_si512(x_f32x16);
    const __m512i odd =
        _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
    const __mmask16 is_nan = _mm512_cmp_ps_mask(x_f32x16, x_f32x16, _CMP_UNORD_Q);
    const __m512i rounded = _mm512_mask_or_epi32(_mm512_add_epi32(bits, up), is_nan,
                                                 bits, _mm512_set1_epi32(0x400000));
    const __m256i half = _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16));
    _mm256_mask_storeu_epi16(place, first(left), half);
}

static ALWAYS_INLINE void store_f32(float *place, size_t left, __m512 x_f32x16)
{
    _mm512_mask_storeu_ps(place, first(left), x_f32x16);
}

#define ISA(stem) stem##_avx512
#include "gemm_types.h"

TARGET_END
#endif
