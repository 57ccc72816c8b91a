/* Winograd convolution with filters of r x r: which tiles there are, and who computes
   them.

   Of one axis: F(m, r) gives m outputs from n = m + r - 1 inputs with n products instead
   of m r (Toom-Cook; Lavin & Gray 2016, arXiv:1509.09308). Both polynomials are evaluated
   at n points, multiplied there, and the product is interpolated.

   The transformed filter is w(a) at a point a, for tiles of every size, so that all share
   one U; what is left over at the lower and right edge is a smaller F that skips the
   last points:

       14 outputs = 6 + 6 + 2       20 of 8 + 8 + 8 products        F(6, 3)
                  = 4 + 4 + 4 + 2   22 of 6 + 6 + 6 + 6             F(4, 3)
       27 outputs = 6 * 4 + 3       55 of 7 * 8                     F(4, 5)

   Cost per point: tiles x C x K multiplications, over n^2 / m^2 points per output: for
   r = 3, 4 of direct's 9 with m = 2, 2.25 with m = 4, 1.78 with m = 6; for r = 5, 9 of
   25 with m = 2, 4 with m = 4. */

#ifndef TENBIN_WINOGRAD_H
#define TENBIN_WINOGRAD_H

#include "conv.h"
#include "sizes.h"

#define WINOGRAD_MOST 8             /* points of an axis */
#define WINOGRAD_TAPS 5             /* of a filter on an axis */
#define WINOGRAD_CHUNK ((size_t)32) /* channels whose filters are transformed at once */

/* Outputs 0, m, 2 m, ... start `full` tiles of F(m, r); one F(rest, r) is behind them. */
struct winograd_axis {
    size_t outputs, full, rest;
};

/* Tiles are numbered over all images by their kind, so that the tiles that have a point
   are always neighbours (F: full, r: rest; rows first):

       | rF | FF | Fr | rr |        last in rows: FF Fr    last in columns: rF FF    */
enum { WINOGRAD_REST_FULL, WINOGRAD_FULL, WINOGRAD_FULL_REST, WINOGRAD_REST,
       WINOGRAD_KINDS };

struct winograd_tile {
    size_t image, row, column;      /* of the first output */
    size_t row_points, column_points; /* the n of its two axes */
};

struct winograd_plan {
    size_t m, r, points;
    struct winograd_axis rows, columns;
    size_t kind_end[WINOGRAD_KINDS]; /* the first tile behind this kind */
    size_t tiles, block;           /* all; at once */
    size_t inputs, outputs;        /* channels of a group */
    size_t c, k;                   /* the same, rounded up to whole vectors */
    size_t v_step, u_step, m_step; /* floats from one point to the next */
    int teams;                     /* blocks at the same time */
};

struct winograd_range {
    size_t first, last;
};

/* Return whether F(m, r) computes the shape. */
int winograd_fits(const struct conv_shape *shape, size_t m);

/* `lanes`, `panel`: what C and K are rounded up to. */
struct winograd_plan winograd_plan(const struct conv_shape *shape, size_t m,
                                   size_t lanes, size_t panel, int threads);

/* Weights as [group][K / panel][C][tap][panel], zeros where there are none. */
size_t winograd_packed_bytes(const struct conv_shape *shape,
                             const struct winograd_plan *plan);
void winograd_pack(const struct conv_shape *shape, const struct winograd_plan *plan,
                   size_t panel, const uint16_t *weights, uint16_t *packed);

/* V of each team, U and M of each thread, a row of zeros that stands for padding. */
size_t winograd_scratch_bytes(const struct winograd_plan *plan, int threads);
size_t winograd_team_floats(const struct winograd_plan *plan);
size_t winograd_thread_floats(const struct winograd_plan *plan);

struct winograd_tile winograd_tile(const struct winograd_plan *plan, size_t tile);

/* Return which of the `count` tiles from `first` on have point (i, j). */
struct winograd_range winograd_tiles_of(const struct winograd_plan *plan, size_t i,
                                        size_t j, size_t first, size_t count);

/* Return the part of `member` in 0 .. count - 1. */
struct winograd_range winograd_share(size_t count, int member, int members);

#define WINOGRAD_GETTERS(isa) \
    const struct conv_algorithm *conv_winograd2_f16_##isa(void); \
    const struct conv_algorithm *conv_winograd2_bf16_##isa(void); \
    const struct conv_algorithm *conv_winograd4_f16_##isa(void); \
    const struct conv_algorithm *conv_winograd4_bf16_##isa(void); \
    const struct conv_algorithm *conv_winograd6_f16_##isa(void); \
    const struct conv_algorithm *conv_winograd6_bf16_##isa(void);

WINOGRAD_GETTERS(scalar)
WINOGRAD_GETTERS(neon)
WINOGRAD_GETTERS(sve512)
WINOGRAD_GETTERS(avx2)
WINOGRAD_GETTERS(avx512)

#endif
