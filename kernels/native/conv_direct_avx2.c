#include "conv_direct.h"

#include <string.h>

#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX2)

/* 12 sums, 2 weights and 1 input fill 15 of 16 registers; 12, 3 and 1 all. */
#define LANES ((size_t)8)
#define PIXELS 6
#define MOST_PIXELS 6, 6, 4
#define PIXELS_3(f, v) f(1, v) f(2, v) f(3, v) f(4, v)
#define PIXELS_2(f, v) PIXELS_3(f, v) f(5, v) f(6, v)
#define PIXELS_1(f, v) PIXELS_2(f, v)
#define WIDE __m256
#define ZERO _mm256_setzero_ps()
#define LOAD(place) _mm256_loadu_ps(place)
#define STORE(place, wide) _mm256_storeu_ps(place, wide)
#define STORE_SOME(place, count, wide) \
    do { \
        float all[8]; \
        _mm256_storeu_ps(all, wide); \
        memcpy(place, all, (count) * sizeof *all); \
    } while (0)
#define BROADCAST(place) _mm256_broadcast_ss(place)
#define FMA(a, b, sum) _mm256_fmadd_ps(a, b, sum)
#define ADD(a, b) _mm256_add_ps(a, b)

static inline __m128i load_some(const uint16_t *place, size_t count)
{
    uint16_t all[8] = {0};
    memcpy(all, place, count * sizeof *all);
    return _mm_loadu_si128((const __m128i *)all);
}

static inline void store_some(uint16_t *place, size_t count, __m128i halves)
{
    uint16_t all[8];
    _mm_storeu_si128((__m128i *)all, halves);
    memcpy(place, all, count * sizeof *all);
}

#define NAME(part) f16_##part
#define WIDEN(place) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(place)))
#define WIDEN_SOME(place, count) _mm256_cvtph_ps(load_some(place, count))
#define NARROW(wide) _mm256_cvtps_ph(wide, _MM_FROUND_TO_NEAREST_INT)
#define ROUND(place, wide) _mm_storeu_si128((__m128i *)(place), NARROW(wide))
#define ROUND_SOME(place, count, wide) store_some(place, count, NARROW(wide))
#define CONV_ALGORITHMS(name) CONV_DIRECT(f16, avx2, name(engine))
#include "conv_direct_tile.h"
#undef CONV_ALGORITHMS
#undef NARROW

static inline __m256 widen_bf16x8(__m128i half)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

/* To nearest even; a NaN becomes quiet instead. */
static inline __m128i round_bf16x8(__m256 wide)
{
    const __m256i bits = _mm256_castps_si256(wide);
    const __m256i odd =
        _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i up = _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff));
    const __m256 nan = _mm256_cmp_ps(wide, wide, _CMP_UNORD_Q);
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256 near = _mm256_blendv_ps(
        _mm256_castsi256_ps(_mm256_add_epi32(bits, up)), _mm256_castsi256_ps(quiet), nan);
    const __m256i upper = _mm256_srli_epi32(_mm256_castps_si256(near), 16);
    return _mm_packus_epi32(_mm256_castsi256_si128(upper),
                            _mm256_extracti128_si256(upper, 1));
}

#define NAME(part) bf16_##part
#define WIDEN(place) widen_bf16x8(_mm_loadu_si128((const __m128i *)(place)))
#define WIDEN_SOME(place, count) widen_bf16x8(load_some(place, count))
#define ROUND(place, wide) _mm_storeu_si128((__m128i *)(place), round_bf16x8(wide))
#define ROUND_SOME(place, count, wide) store_some(place, count, round_bf16x8(wide))
#define CONV_ALGORITHMS(name) CONV_DIRECT(bf16, avx2, name(engine))
#include "conv_direct_tile.h"

TARGET_END
#endif
