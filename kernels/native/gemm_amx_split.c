/* float16 by tdpbf16ps, where there is no tdpfp16ps. Needs AMX-BF16.

   x = high + low, two bfloat16, without any error: 11 bits are 8 + 3. Hence four tile
   products give the sum of exact products in float32: the accuracy of multiply-adds at up
   to four times their rate (the idea of Henry, Tang and Heinecke, Leveraging the bfloat16
   Artificial Intelligence Datatype For Higher-Precision Computations, 2019). Infinite
   elements cannot be split: packing refuses them, and the spare family computes.

       per step of 32:  A  2 x (high, low)    B  2 x (high, low)    1 KiB each */

#include "gemm_blocks.h"

#if defined(TENBIN_AMX)
#include <immintrin.h>

TARGET_BEGIN(AVX512 ",avx512bf16,amx-tile,amx-bf16")

#include "gemm_amx.h"

#define SIDE ((size_t)32) /* rows and columns of the register tile */
#define UPPER _mm512_set1_epi32((int)0xffff0000u)

/* What a split gives: 16 vectors of high, and of low halves. */
struct split {
    __m512i high[16], low[16];
};

/* Split float32 that hold float16; note those that are not finite in `refused`. */
static ALWAYS_INLINE __m512 low_part(__m512 x_f32x16)
{
    const __m512i high = _mm512_and_si512(_mm512_castps_si512(x_f32x16), UPPER);
    return _mm512_sub_ps(x_f32x16, _mm512_castsi512_ps(high));
}

/* The upper halves of 16 first and 16 last elements, or of two steps of 16 lines. */
static ALWAYS_INLINE __m512i neighbours(__m512 first_f32x16, __m512 last_f32x16)
{
    const __m512i order = _mm512_set_epi16(
        63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39, 37, 35, 33, 31, 29, 27, 25,
        23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
    return _mm512_permutex2var_epi16(_mm512_castps_si512(first_f32x16), order,
                                     _mm512_castps_si512(last_f32x16));
}

static ALWAYS_INLINE __m512i interleaved(__m512 even_f32x16, __m512 odd_f32x16)
{
    return _mm512_or_si512(_mm512_srli_epi32(_mm512_castps_si512(even_f32x16), 16),
                           _mm512_and_si512(_mm512_castps_si512(odd_f32x16), UPPER));
}

static ALWAYS_INLINE bool f16_pairs(const struct gemm_lines *lines, size_t line,
                                    size_t k, bool by_line, struct split *out)
{
    const bool along = lines->step == 1;
    __mmask16 refused = 0;
    for (size_t i = 0; i < 16; i++) {
        __m256i two[2];
        if (along) {
            const __m512i whole = load_line(lines, line + i, k);
            two[0] = _mm512_castsi512_si256(whole);
            two[1] = _mm512_extracti64x4_epi64(whole, 1);
        } else {
            load_steps(lines, line, k + 2 * i, two);
        }
        const __m512 x = _mm512_cvtph_ps(two[0]), y = _mm512_cvtph_ps(two[1]);
        const __m512 low_x = low_part(x), low_y = low_part(y);
        refused |= _mm512_cmp_ps_mask(low_x, low_y, _CMP_UNORD_Q);
        out->high[i] = along ? neighbours(x, y) : interleaved(x, y);
        out->low[i] = along ? neighbours(low_x, low_y) : interleaved(low_x, low_y);
    }
    if (along != by_line) {
        turn(out->high);
        turn(out->low);
    }
    return refused == 0;
}

static ALWAYS_INLINE bool f16_pack(const struct gemm_lines *lines, char *panel,
                                   bool by_line)
{
    bool packed = true;
    for (size_t k = 0; k < lines->k; k += STEPS)
        for (size_t line = 0; line < SIDE; line += LINES, panel += 2 * TILE_BYTES) {
            struct split parts;
            packed &= f16_pairs(lines, line, k, by_line, &parts);
            put(panel, parts.high);
            put(panel + TILE_BYTES, parts.low);
        }
    return packed;
}

static bool f16_pack_a(const struct gemm_lines *rows, void *panel)
{
    return f16_pack(rows, panel, true);
}

static bool f16_pack_b(const struct gemm_lines *columns, void *panel)
{
    return f16_pack(columns, panel, false);
}

#define LOAD_A(place, part) \
    do { \
        _tile_loadd(4, place, 64); \
        _tile_loadd(5, (place) + (part), 64); \
    } while (0)
#define LOAD_B(place, part) \
    do { \
        _tile_loadd(6, place, 64); \
        _tile_loadd(7, (place) + (part), 64); \
    } while (0)
#define MULTIPLY() \
    do { \
        DOT_BF16(0, 4, 6); \
        DOT_BF16(1, 4, 7); \
        DOT_BF16(2, 5, 6); \
        DOT_BF16(3, 5, 7); \
    } while (0)

static void f16_tile(size_t k, const void *a, bool along, const void *b, void *sums,
                     size_t stride, bool first)
{
    const char *a_tiles = a, *b_tiles = b;
    (void)along;
    begin();
    for (size_t p = 0; p < k; p += STEPS) {
        LOAD_A(a_tiles, 2 * TILE_BYTES);
        LOAD_B(b_tiles, 2 * TILE_BYTES);
        MULTIPLY();
        LOAD_B(b_tiles + TILE_BYTES, 2 * TILE_BYTES);
        MULTIPLY();
        LOAD_A(a_tiles + TILE_BYTES, 2 * TILE_BYTES);
        MULTIPLY();
        LOAD_B(b_tiles, 2 * TILE_BYTES);
        MULTIPLY();
        a_tiles += 4 * TILE_BYTES;
        b_tiles += 4 * TILE_BYTES;
    }
    end(false, sums, stride, first);
}

const struct gemm_family *gemm_f16_amx(void)
{
    static struct gemm_kernel kernel = {
        "tiles of split halves", SIDE, SIDE, AMX_DEPTH, 4 * SIDE * AMX_DEPTH,
        4 * SIDE * AMX_DEPTH, 2, 4, false, 0, f16_pack_a, f16_pack_b, f16_tile, NULL};
    static struct gemm_family family = {&kernel, 1, NULL, 17, false};
    family.spare = gemm_f16_avx512();
    kernel.store = family.spare->kernels->store;
    return &family;
}

TARGET_END
#endif
