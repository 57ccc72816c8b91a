/* Vectors of float32 in AVX2, and 16-bit memory. Include behind TARGET_BEGIN. */

#define LANES ((size_t)8)
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

static inline __m256 widen_vector_f16(__m128i half)
{
    return _mm256_cvtph_ps(half);
}

static inline __m128i round_vector_f16(__m256 wide)
{
    return _mm256_cvtps_ph(wide, _MM_FROUND_TO_NEAREST_INT);
}

static inline __m256 widen_vector_bf16(__m128i half)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

/* To nearest even; a NaN becomes quiet instead. */
static inline __m128i round_vector_bf16(__m256 wide)
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

#define LOAD_HALF(place) _mm_loadu_si128((const __m128i *)(place))
#define LOAD_HALF_SOME(place, count) load_some(place, count)
#define STORE_HALF(place, half) _mm_storeu_si128((__m128i *)(place), half)
#define STORE_HALF_SOME(place, count, half) store_some(place, count, half)
