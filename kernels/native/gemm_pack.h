/* Packing, rounding and the table of kernels for one type of storage; included for each,
   after gemm_tile.h, and after defining

       TYPE               f16, bf16 or f32: names what is defined here
       ELEMENT            the stored type
       WIDEN(element)     -> float
       LOAD(place, left)  -> WIDE, the first `left` elements, zeros behind them
       STORE(place, left, WIDE)
       GETTER             the function of the dispatch table
       TRANSPOSE(WIDE rows[LANES]) */

/* The elements `step` apart: only few columns, or few rows, are read this way. */
static WIDE NAMED(TYPE, gather)(const ELEMENT *place, size_t step, size_t left)
{
    float some[LANES] = {0};
    for (size_t l = 0; l < LANES && l < left; l++)
        some[l] = WIDEN(place[l * step]);
    return LOAD_WIDE(some);
}

/* dst[k] = line[k], zeros up to a multiple of LANES. What follows in the line is packed
   next, after a tile: it can come into the L2 meanwhile. Lines start anywhere in a line
   of the cache: the last element of a piece tells which one lacks. */
static ALWAYS_INLINE void NAMED(TYPE, lay_line)(const ELEMENT *line, size_t k,
                                                float *dst)
{
    const size_t fetched = 64 / sizeof(ELEMENT);
    size_t p = 0;
    for (; p + fetched <= k; p += fetched) {
        __builtin_prefetch(line + p + k + fetched - 1, 0, 2);
        UNROLL
        for (size_t i = p; i < p + fetched; i += LANES)
            STORE_WIDE(dst + i, LOAD(line + i, LANES));
    }
    for (; p < k; p += LANES)
        STORE_WIDE(dst + p, LOAD(line + p, k - p));
}

/* dst[line * pitch + k] = source; `most` lines, the missing ones zero. */
static void NAMED(TYPE, lay_along)(const struct gemm_lines *lines, float *dst,
                                   size_t pitch, size_t most)
{
    const size_t k = lines->k;
    for (size_t i = 0; i < most; i++, dst += pitch) {
        const ELEMENT *line = (const ELEMENT *)lines->data + i * lines->line;
        if (i < lines->count && lines->step == 1)
            NAMED(TYPE, lay_line)(line, k, dst);
        else
            for (size_t p = 0; p < k; p += LANES)
                STORE_WIDE(dst + p, i < lines->count
                                        ? NAMED(TYPE, gather)(line + p * lines->step,
                                                              lines->step, k - p)
                                        : ZERO());
    }
}

/* dst[k * width + line] = source; `width` lines, the missing ones zero. */
static ALWAYS_INLINE void NAMED(TYPE, lay_across)(const struct gemm_lines *lines,
                                                  float *dst, size_t width)
{
    for (size_t p = 0; p < lines->k; p++) {
        const ELEMENT *place = (const ELEMENT *)lines->data + p * lines->step;
        for (size_t i = 0; i < width; i += LANES)
            STORE_WIDE(dst + p * width + i,
                       i < lines->count ? LOAD(place + i, lines->count - i) : ZERO());
    }
}

/* The same from lines along k: LANES lines by LANES steps are transposed at a time. */
static ALWAYS_INLINE void NAMED(TYPE, turn_across)(const struct gemm_lines *lines,
                                                   float *dst, size_t width)
{
    for (size_t i = 0; i < width; i += LANES)
        for (size_t p = 0; p < lines->k; p += LANES) {
            const ELEMENT *place =
                (const ELEMENT *)lines->data + i * lines->line + p;
            const size_t left = lines->k - p;
            WIDE x[LANES];
            UNROLL
            for (size_t l = 0; l < LANES; l++)
                x[l] = i + l < lines->count ? LOAD(place + l * lines->line, left)
                                            : ZERO();
            TRANSPOSE(x);
            UNROLL
            for (size_t l = 0; l < LANES; l++)
                if (l < left)
                    STORE_WIDE(dst + (p + l) * width + i, x[l]);
        }
}

static bool NAMED(TYPE, pack_a)(const struct gemm_lines *rows, void *panel)
{
    if (rows->step == 1)
        NAMED(TYPE, lay_along)(rows, panel, A_DEPTH, MR);
    else
        NAMED(TYPE, lay_across)(rows, panel, A_LANES);
    return true;
}

#define PACK_B(name, width) \
    static bool NAMED(TYPE, name)(const struct gemm_lines *columns, void *panel) \
    { \
        if (columns->step == 1) \
            NAMED(TYPE, turn_across)(columns, panel, width); \
        else \
            NAMED(TYPE, lay_across)(columns, panel, width); \
        return true; \
    }

#define PACK_DOT(columns) \
    static bool NAMED(TYPE, pack_dot##columns)(const struct gemm_lines *lines, \
                                               void *panel) \
    { \
        NAMED(TYPE, lay_along)(lines, panel, DOT_DEPTH(columns), columns); \
        return true; \
    }

PACK_B(pack_wide, NR_WIDE)
PACK_B(pack_narrow, NR_NARROW)
PACK_DOT(1)
PACK_DOT(2)
PACK_DOT(4)
PACK_DOT(8)

static void NAMED(TYPE, store)(const void *sums, size_t step, size_t count, void *out)
{
    const float *from = sums;
    ELEMENT *to = out;
    size_t i = 0;
    for (; step == 1 && i + LANES <= count; i += LANES)
        STORE(to + i, LANES, LOAD_WIDE(from + i));
    for (; i < count; i += LANES) {
        float some[LANES] = {0};
        for (size_t l = 0; l < LANES && l < count - i; l++)
            some[l] = from[(i + l) * step];
        STORE(to + i, count - i, LOAD_WIDE(some));
    }
}

#define DOT NAMED(TYPE, dot1)
#define NR 1
#define ROWS 4
#include "gemm_dot.h"
#define DOT NAMED(TYPE, dot2)
#define NR 2
#include "gemm_dot.h"
#define DOT NAMED(TYPE, dot4)
#define NR 4
#include "gemm_dot.h"
#undef ROWS
#define DOT NAMED(TYPE, dot8)
#define NR 8
#define ROWS DOT_ROWS8
#include "gemm_dot.h"
#undef ROWS

#define PACKED(label, width, depth, pack, run, most) \
    {label, MR, width, depth, A_BYTES, (width) * (depth) * sizeof(float), \
     sizeof(ELEMENT), sizeof(float), false, most, NAMED(TYPE, pack_a), \
     NAMED(TYPE, pack), run, NAMED(TYPE, store)}
#define DIRECT(columns, rows) \
    {"dot " #columns, rows, columns, DOT_KC(columns), 0, \
     (columns) * DOT_DEPTH(columns) * sizeof(float), \
     sizeof(ELEMENT), sizeof(float), true, columns, NULL, \
     NAMED(TYPE, pack_dot##columns), NAMED(TYPE, dot##columns), NAMED(TYPE, store)}

static const struct gemm_kernel NAMED(TYPE, kernels)[] = {
    DIRECT(1, 4),
    DIRECT(2, 4),
    DIRECT(4, 4),
    DIRECT(8, DOT_ROWS8),
    PACKED("packed narrow", NR_NARROW, NARROW_DEPTH, pack_narrow, tile_narrow, 64),
    PACKED("packed wide", NR_WIDE, DEPTH, pack_wide, tile_wide, 0),
};

const struct gemm_family *GETTER(void)
{
    static const struct gemm_family family = {
        NAMED(TYPE, kernels), sizeof NAMED(TYPE, kernels) / sizeof(struct gemm_kernel),
        NULL, 1, false};
    return &family;
}

#undef PACK_B
#undef PACK_DOT
#undef PACKED
#undef DIRECT
#undef TYPE
#undef ELEMENT
#undef WIDEN
#undef LOAD
#undef STORE
#undef GETTER
