/* Vectors of float32 in AVX-512, and 16-bit memory. Include behind TARGET_BEGIN. */

#define LANES ((size_t)16)
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

static inline __m512 widen_vector_f16(__m256i half)
{
    return _mm512_cvtph_ps(half);
}

static inline __m256i round_vector_f16(__m512 wide)
{
    return _mm512_cvtps_ph(wide, _MM_FROUND_TO_NEAREST_INT);
}

static inline __m512 widen_vector_bf16(__m256i half)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/* To nearest even; a NaN becomes quiet instead. */
static inline __m256i round_vector_bf16(__m512 wide)
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

#define LOAD_HALF(place) _mm256_loadu_si256((const __m256i *)(place))
#define LOAD_HALF_SOME(place, count) _mm256_maskz_loadu_epi16(SOME(count), place)
#define STORE_HALF(place, half) _mm256_storeu_si256((__m256i *)(place), half)
#define STORE_HALF_SOME(place, count, half) \
    _mm256_mask_storeu_epi16(place, SOME(count), half)
