#include "conv_direct.h"

#include <string.h>

#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX512)

/* 28 sums, 2 weights and 1 input fill 31 of 32 registers, as do 27, 3 and 1. */
#define LANES ((size_t)16)
#define PIXELS 14
#define MOST_PIXELS 14, 14, 9
#define PIXELS_3(f, v) \
    f(1, v) f(2, v) f(3, v) f(4, v) f(5, v) f(6, v) f(7, v) f(8, v) f(9, v)
#define PIXELS_2(f, v) PIXELS_3(f, v) f(10, v) f(11, v) f(12, v) f(13, v) f(14, v)
#define PIXELS_1(f, v) PIXELS_2(f, v)
#define WIDE __m512
#define SOME(count) ((__mmask16)((1u << (count)) - 1))
#define ZERO _mm512_setzero_ps()
#define LOAD(place) _mm512_loadu_ps(place)
#define STORE(place, wide) _mm512_storeu_ps(place, wide)
#define STORE_SOME(place, count, wide) \
    _mm512_mask_storeu_ps(place, SOME(count), wide)
#define BROADCAST(place) _mm512_set1_ps(*(place))
#define FMA(a, b, sum) _mm512_fmadd_ps(a, b, sum)
#define ADD(a, b) _mm512_add_ps(a, b)

#define NAME(part) f16_##part
#define WIDEN(place) _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(place)))
#define WIDEN_SOME(place, count) \
    _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(SOME(count), place))
#define NARROW(wide) _mm512_cvtps_ph(wide, _MM_FROUND_TO_NEAREST_INT)
#define ROUND(place, wide) _mm256_storeu_si256((__m256i *)(place), NARROW(wide))
#define ROUND_SOME(place, count, wide) \
    _mm256_mask_storeu_epi16(place, SOME(count), NARROW(wide))
#define CONV_ALGORITHMS(name) CONV_DIRECT(f16, avx512, name(engine))
#include "conv_direct_tile.h"
#undef CONV_ALGORITHMS
#undef NARROW

static inline __m512 widen_bf16x16(__m256i half)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/* To nearest even; a NaN becomes quiet instead. */
static inline __m256i round_bf16x16(__m512 wide)
{
    const __m512i bits = _mm512_castps_si512(wide);
    const __m512i odd =
        _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i up = _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff));
    const __mmask16 nan = _mm512_cmp_ps_mask(wide, wide, _CMP_UNORD_Q);
    const __m512i near = _mm512_mask_or_epi32(_mm512_add_epi32(bits, up), nan, bits,
                                              _mm512_set1_epi32(0x400000));
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(near, 16));
}

#define NAME(part) bf16_##part
#define WIDEN(place) widen_bf16x16(_mm256_loadu_si256((const __m256i *)(place)))
#define WIDEN_SOME(place, count) \
    widen_bf16x16(_mm256_maskz_loadu_epi16(SOME(count), place))
#define ROUND(place, wide) \
    _mm256_storeu_si256((__m256i *)(place), round_bf16x16(wide))
#define ROUND_SOME(place, count, wide) \
    _mm256_mask_storeu_epi16(place, SOME(count), round_bf16x16(wide))
#define CONV_ALGORITHMS(name) CONV_DIRECT(bf16, avx512, name(engine))
#include "conv_direct_tile.h"

TARGET_END
#endif
