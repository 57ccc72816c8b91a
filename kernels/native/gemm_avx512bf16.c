/* vdpbf16ps: pairs of bfloat16, two products per lane and step, added to float32.
   Needs AVX512-BF16. Bound: twice the rate of vfmadd. The instruction takes subnormal
   numbers for zero. */

#include "gemm_blocks.h"

#if defined(TENBIN_AVX512BF16)
#include <immintrin.h>

TARGET_BEGIN(AVX512 ",avx512bf16")

#include "gemm_transpose.h"

#include "gemm_pairs.h"

#define WIDE __m512
#define LANES ((size_t)16)
#define ZERO _mm512_setzero_ps
#define LOAD_WIDE _mm512_loadu_ps
#define STORE_WIDE _mm512_storeu_ps
#define SPREAD _mm512_set1_ps /* a pair, whatever its bits are */
#define FMA(x, y, sum) _mm512_dpbf16_ps(sum, (__m512bh)(x), (__m512bh)(y))
#define ADD_WIDE _mm512_add_ps

#define MR ((size_t)14)
#define A_LANES ((size_t)16)
#define NR_PAIRS ((size_t)32)
#define PAIR_DEPTH (2 * DEPTH)

#define TILE tile_pairs
#define NR NR_PAIRS
#include "gemm_tile.h"

static bool pack_a(const struct gemm_lines *rows, void *panel)
{
    for (size_t k = 0; k < rows->k; k += STEPS) {
        __m512i pairs[16];
        u16_pairs(rows, 0, k, true, pairs);
        for (size_t i = 0; i < MR; i++)
            _mm512_storeu_si512((float *)panel + i * A_DEPTH + k / 2, pairs[i]);
    }
    return true;
}

static bool pack_b(const struct gemm_lines *columns, void *panel)
{
    for (size_t line = 0; line < NR_PAIRS; line += LINES)
        for (size_t k = 0; k < columns->k; k += STEPS) {
            __m512i pairs[16];
            u16_pairs(columns, line, k, false, pairs);
            for (size_t p = 0; p < 16; p++)
                _mm512_storeu_si512((float *)panel + (k / 2 + p) * NR_PAIRS + line,
                                    pairs[p]);
        }
    return true;
}

static void tile(size_t k, const void *a, bool along, const void *b, void *sums,
                 size_t stride, bool first)
{
    (void)along;
    tile_pairs((k + 1) / 2, a, true, b, sums, stride, first);
}

const struct gemm_family *gemm_dot_bf16_avx512bf16(void)
{
    static struct gemm_kernel kernel = {
        "pairs", MR, NR_PAIRS, PAIR_DEPTH, A_BYTES, 4 * NR_PAIRS * DEPTH, 2, 4, false, 0,
        pack_a, pack_b, tile, NULL};
    static const struct gemm_family family = {&kernel, 1, NULL, 1, false};
    kernel.store = gemm_bf16_avx512()->kernels->store;
    return &family;
}

TARGET_END
#endif
