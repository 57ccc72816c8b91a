/* 64-byte vectors; 28 of the 32 registers hold sums. Bound: two multiply-adds per
   cycle. */

#include "gemm_blocks.h"

#if defined(TENBIN_SVE512)

#include "halves_sve512.h"

#define WIDE f32x16
#define LANES ((size_t)16)
#define ZERO() ((f32x16)svdup_n_f32(0))
#define LOAD_WIDE(place) svld1_f32(EVERY, place)
#define STORE_WIDE(place, wide) svst1_f32(EVERY, place, wide)
#define SPREAD svdup_n_f32
#define FMA(x, y, sum) svmla_f32_x(EVERY, sum, x, y)
#define ADD_WIDE(x, y) svadd_f32_x(EVERY, x, y)
#define SUM(wide) svaddv_f32(EVERY, wide)
#define TRANSPOSE transpose

#define MR ((size_t)14)
#define A_LANES ((size_t)16)
#define DOT_ROWS8 3
#define NR_WIDE ((size_t)32)
#define NR_NARROW ((size_t)16)

static ALWAYS_INLINE f32x16 load_f16(const uint16_t *place, size_t left)
{
    return widen_vector_f16(svld1uh_u32(SOME(left), place));
}

static ALWAYS_INLINE f32x16 load_bf16(const uint16_t *place, size_t left)
{
    return widen_vector_bf16(svld1uh_u32(SOME(left), place));
}

static ALWAYS_INLINE f32x16 load_f32(const float *place, size_t left)
{
    return svld1_f32(SOME(left), place);
}

static ALWAYS_INLINE void store_f16(uint16_t *place, size_t left, f32x16 x_f32x16)
{
    svst1h_u32(SOME(left), place, round_vector_f16(x_f32x16));
}

static ALWAYS_INLINE void store_bf16(uint16_t *place, size_t left, f32x16 x_f32x16)
{
    svst1h_u32(SOME(left), place, round_vector_bf16(x_f32x16));
}

static ALWAYS_INLINE void store_f32(float *place, size_t left, f32x16 x_f32x16)
{
    svst1_f32(SOME(left), place, x_f32x16);
}

/* The index of an element in all 16 vectors has 4 bits of row and 4 of column. Vectors
   shuffled together like two halves of a deck rotate it by one bit. */
static ALWAYS_INLINE void transpose(f32x16 x[16])
{
    UNROLL
    for (int bit = 0; bit < 4; bit++) {
        f32x16 y[16];
        UNROLL
        for (int i = 0; i < 8; i++) {
            y[2 * i] = svzip1_f32(x[i], x[i + 8]);
            y[2 * i + 1] = svzip2_f32(x[i], x[i + 8]);
        }
        UNROLL
        for (int i = 0; i < 16; i++)
            x[i] = y[i];
    }
}

#define ISA(stem) stem##_sve512
#include "gemm_types.h"
#endif
