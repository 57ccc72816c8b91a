/* tdpbf16ps: tiles of 16 x 16 sums, 32 steps of k at once. Needs AMX-BF16, and AVX-512
   for packing. Bound: 16 cycles per tile product, 16 times the rate of vfmadd.

   float16 x = high + low, two bfloat16, without any error, hence four tile products
   give the sum of exact products in float32: the accuracy of multiply-adds at up to four
   times their rate (the idea of Henry, Tang and Heinecke, Leveraging the bfloat16
   Artificial Intelligence Datatype For Higher-Precision Computations, 2019). Infinite
   elements cannot be split: packing refuses them, and the spare family computes.

       per step of 32:  A  2 x (high, low)    B  2 x (high, low)    1 KiB each */

#include "gemm_blocks.h"

#if defined(TENBIN_AMX)
#include <immintrin.h>

TARGET_BEGIN(AVX512 ",avx512bf16,amx-tile,amx-bf16")

#include "gemm_transpose.h"

#include "gemm_pairs.h"

#define SIDE ((size_t)32) /* rows and columns of the register tile */
#define TILE_BYTES ((size_t)1024)
#define AMX_DEPTH ((size_t)512)

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

static ALWAYS_INLINE void put(char *tile, const __m512i x[16])
{
    for (size_t i = 0; i < 16; i++)
        _mm512_storeu_si512(tile + 64 * i, x[i]);
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

static ALWAYS_INLINE bool bf16_pack(const struct gemm_lines *lines, char *panel,
                                    bool by_line)
{
    for (size_t k = 0; k < lines->k; k += STEPS)
        for (size_t line = 0; line < SIDE; line += LINES, panel += TILE_BYTES) {
            __m512i pairs[16];
            bf16_pairs(lines, line, k, by_line, pairs);
            put(panel, pairs);
        }
    return true;
}

static bool bf16_pack_a(const struct gemm_lines *rows, void *panel)
{
    return bf16_pack(rows, panel, true);
}

static bool bf16_pack_b(const struct gemm_lines *columns, void *panel)
{
    return bf16_pack(columns, panel, false);
}

/* Eight tiles of 16 rows of 64 bytes: 0 .. 3 sums, 4 and 5 of A, 6 and 7 of B. */
static ALWAYS_INLINE void begin(void)
{
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } config = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = 64;
        config.rows[i] = 16;
    }
    _tile_loadconfig(&config);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
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
        _tile_dpbf16ps(0, 4, 6); \
        _tile_dpbf16ps(1, 4, 7); \
        _tile_dpbf16ps(2, 5, 6); \
        _tile_dpbf16ps(3, 5, 7); \
    } while (0)

/* Set the sums, or add to them: each depth starts from zero, like multiply-adds. */
static ALWAYS_INLINE void end(float *sums, size_t stride, bool first)
{
    float own[SIDE * SIDE] __attribute__((aligned(64)));
    float *place = first ? sums : own;
    const size_t pitch = first ? stride : SIDE;
    _tile_stored(0, place, pitch * sizeof(float));
    _tile_stored(1, place + 16, pitch * sizeof(float));
    _tile_stored(2, place + 16 * pitch, pitch * sizeof(float));
    _tile_stored(3, place + 16 * pitch + 16, pitch * sizeof(float));
    _tile_release();
    for (size_t i = 0; i < SIDE && !first; i++)
        for (size_t j = 0; j < SIDE; j += 16) {
            float *sum = sums + i * stride + j;
            _mm512_storeu_ps(sum, _mm512_add_ps(_mm512_loadu_ps(sum),
                                                _mm512_load_ps(own + i * SIDE + j)));
        }
}

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
    end(sums, stride, first);
}

static void bf16_tile(size_t k, const void *a, bool along, const void *b, void *sums,
                      size_t stride, bool first)
{
    const char *a_tiles = a, *b_tiles = b;
    (void)along;
    begin();
    for (size_t p = 0; p < k; p += STEPS) {
        LOAD_A(a_tiles, TILE_BYTES);
        LOAD_B(b_tiles, TILE_BYTES);
        MULTIPLY();
        a_tiles += 2 * TILE_BYTES;
        b_tiles += 2 * TILE_BYTES;
    }
    end(sums, stride, first);
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

const struct gemm_family *gemm_dot_bf16_amx(void)
{
    static struct gemm_kernel kernel = {
        "tiles", SIDE, SIDE, AMX_DEPTH, 2 * SIDE * AMX_DEPTH, 2 * SIDE * AMX_DEPTH, 2, 4,
        false, 0, bf16_pack_a, bf16_pack_b, bf16_tile, NULL};
    static struct gemm_family family = {&kernel, 1, NULL, 1, false};
    family.spare = gemm_bf16_avx512();
    kernel.store = family.spare->kernels->store;
    return &family;
}

TARGET_END
#endif
