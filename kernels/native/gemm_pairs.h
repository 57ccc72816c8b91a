/* Packing for instructions that multiply pairs of two bytes and add to float32: 16 lines
   by 32 steps of k become 16 vectors of pairs, then lie either line by line (A) or pair
   by pair (B). Include it behind TARGET_BEGIN(AVX512 ...) and gemm_transpose.h.

       along    vector i = line i: its 16 pairs       one load
       across   vector p = pair p: of 16 lines        two loads, interleaved */

#define LINES ((size_t)16)
#define STEPS ((size_t)32)

static ALWAYS_INLINE __m512i load_u16x32(const uint16_t *place, size_t left)
{
    const __mmask32 some = left < 32 ? (1u << left) - 1 : 0xffffffffu;
    return _mm512_maskz_loadu_epi16(some, place);
}

static ALWAYS_INLINE __m256i load_u16x16(const uint16_t *place, size_t left)
{
    return _mm256_maskz_loadu_epi16((__mmask16)(left < 16 ? (1u << left) - 1 : 0xffff),
                                    place);
}

static ALWAYS_INLINE void turn(__m512i x[16])
{
    __m512 y[16];
    UNROLL
    for (size_t i = 0; i < 16; i++)
        y[i] = _mm512_castsi512_ps(x[i]);
    transpose(y);
    UNROLL
    for (size_t i = 0; i < 16; i++)
        x[i] = _mm512_castps_si512(y[i]);
}

/* Two neighbours in k of 16 lines; zeros where there is none. */
static ALWAYS_INLINE void load_steps(const struct gemm_lines *lines, size_t line,
                                     size_t k, __m256i two[2])
{
    const uint16_t *place = (const uint16_t *)lines->data + line + k * lines->step;
    const size_t left = line < lines->count ? lines->count - line : 0;
    two[0] = load_u16x16(place, k < lines->k ? left : 0);
    two[1] = load_u16x16(place + lines->step, k + 1 < lines->k ? left : 0);
}

static ALWAYS_INLINE __m512i load_line(const struct gemm_lines *lines, size_t line,
                                       size_t k)
{
    if (line >= lines->count)
        return _mm512_setzero_si512();
    return load_u16x32((const uint16_t *)lines->data + line * lines->line + k,
                       lines->k - k);
}

/* Pairs, line by line where `by_line`, otherwise pair by pair. */
static ALWAYS_INLINE void u16_pairs(const struct gemm_lines *lines, size_t line,
                                    size_t k, bool by_line, __m512i x[16])
{
    const bool along = lines->step == 1;
    for (size_t i = 0; i < 16; i++)
        if (along) {
            x[i] = load_line(lines, line + i, k);
        } else {
            __m256i two[2];
            load_steps(lines, line, k + 2 * i, two);
            x[i] = _mm512_or_si512(
                _mm512_cvtepu16_epi32(two[0]),
                _mm512_slli_epi32(_mm512_cvtepu16_epi32(two[1]), 16));
        }
    if (along != by_line)
        turn(x);
}
