/* vfmaddph, 32 sums at a time. Needs AVX512-FP16. */

#include "gemm_blocks.h"

#if defined(TENBIN_AVX512FP16)
#include <immintrin.h>

TARGET_BEGIN(AVX512 ",avx512fp16")

#define MR ((size_t)14)
#define A_LANES ((size_t)16)
#define NR ((size_t)32)
#define LANES ((size_t)32)

static ALWAYS_INLINE __m512h hold(const float *place)
{
    const __m256i first =
        _mm512_cvtps_ph(_mm512_loadu_ps(place), _MM_FROUND_TO_NEAREST_INT);
    const __m256i last =
        _mm512_cvtps_ph(_mm512_loadu_ps(place + 16), _MM_FROUND_TO_NEAREST_INT);
    return _mm512_castsi512_ph(
        _mm512_inserti64x4(_mm512_castsi256_si512(first), last, 1));
}

static ALWAYS_INLINE __m512h spread(float x)
{
    const __m128i half = _mm_cvtps_ph(_mm_set_ss(x), _MM_FROUND_TO_NEAREST_INT);
    return _mm512_castsi512_ph(_mm512_broadcastw_epi16(half));
}

static ALWAYS_INLINE void release(float *place, __m512h sum)
{
    const __m512i bits = _mm512_castph_si512(sum);
    _mm512_storeu_ps(place, _mm512_cvtph_ps(_mm512_castsi512_si256(bits)));
    _mm512_storeu_ps(place + 16, _mm512_cvtph_ps(_mm512_extracti64x4_epi64(bits, 1)));
}

#define WIDENED gemm_f16_avx512
#define GETTER gemm_fp16acc_avx512fp16
#define HELD __m512h
#define HOLD hold
#define SPREAD_HELD spread
#define FUSED _mm512_fmadd_ph
#define RELEASE release
#include "gemm_fp16acc.h"

TARGET_END
#endif
