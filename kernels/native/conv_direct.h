/* Direct convolution: what the loops (conv_direct.c) ask of an ISA, and a view.

   A view is a convolution with any pitch: the forward problem is one, its gradient in
   the data is one for each phase of the stride. */

#ifndef TENBIN_CONV_DIRECT_H
#define TENBIN_CONV_DIRECT_H

#include <stdbool.h>

#include "conv.h"

#define CONV_MOST_PIXELS 16

/* `steps` products in a row: x of the first pixel and rows of the panel. */
struct conv_tap {
    size_t x, panel, steps;
};

/* A tile of `pixels` x `width` sums:

       sum[i][j] = sum over taps and steps t of
                   x[first + tap.x + i * pixel + t] * panel[tap.panel + t * width + j]

   It goes to `y`, rounded, where that is not NULL; otherwise it is added to `sums`. The
   panel holds halves, which are widened on their way to registers: no pass over them
   comes before, and caches hold twice as much. Each step also asks for what lies
   `ahead`, `ahead_step` bytes further than the one before. */
struct conv_tile {
    const float *x;
    const uint16_t *panel;
    size_t first, pixel, tap_count;
    const struct conv_tap *taps;
    float *sums;
    uint16_t *y;
    size_t y_pixel, channels;
    uintptr_t ahead; /* an address that may be behind the end of what there is */
    size_t ahead_step;
};

typedef void (*conv_tile_function)(const struct conv_tile *tile);

/* tiles[v][t] computes t + 1 pixels in v + 1 vectors of `lanes` sums. A step takes four
   bytes of x, a widened half or a pair of halves, and a half or a pair of each column
   of the panel. */
struct conv_engine {
    size_t lanes, most_pixels[3];
    size_t halves; /* of a step: 1, or 2 that are multiplied and added as a pair */
    conv_tile_function tiles[3][CONV_MOST_PIXELS];
    void (*widen)(const uint16_t *from, float *to, size_t count);
    void (*round)(const float *from, uint16_t *to, size_t count);
};

struct conv_view {
    size_t n, groups;
    size_t c, h, w;              /* of what is read, all groups; c counts steps */
    size_t k, p, q;              /* of what is written, all groups */
    size_t r, s;                 /* taps; none where either is 0 */
    size_t stride_h, stride_w;
    ptrdiff_t pad_h, pad_w;      /* negative: the filter starts inside */
    size_t dilation_h, dilation_w;
    size_t y_image, y_row, y_pixel, y_first; /* pitches of what is written */
    ptrdiff_t w_first, w_group, w_k, w_r, w_s, w_c; /* pitches of the weights */
};

struct conv_view conv_view_forward(const struct conv_shape *shape);

/* Return view `index` of the gradient in the data: there are stride_h * stride_w. */
struct conv_view conv_view_backward(const struct conv_shape *shape, size_t index);

size_t conv_view_packed_items(const struct conv_engine *engine,
                              const struct conv_view *view);
void conv_view_pack(const struct conv_engine *engine, const struct conv_view *view,
                    const uint16_t *weights, uint16_t *packed);
size_t conv_view_scratch_bytes(const struct conv_engine *engine,
                               const struct conv_view *view, int threads);
void conv_view_run(const struct conv_engine *engine, const struct conv_view *view,
                   const uint16_t *x, const uint16_t *packed, uint16_t *y,
                   void *scratch, int threads);

/* The algorithms that an engine gives, by the names of the dispatch table. */
#define CONV_DIRECT(type, isa, engine) CONV_DIRECT_ALL(type, isa, engine)
#define CONV_DIRECT_ALL(type, isa, engine) \
    CONV_DEFINE(direct_##type##_##isa, engine, CONV_FORWARD, direct) \
    CONV_DEFINE(pointwise_##type##_##isa, engine, CONV_FORWARD, pointwise) \
    CONV_DEFINE(backward_data_##type##_##isa, engine, CONV_BACKWARD_DATA, \
                    backward_data) \
    CONV_DEFINE_UNPACKED(backward_weights_##type##_##isa, engine, \
                         CONV_BACKWARD_WEIGHTS, backward_weights)

#define CONV_DOT(type, isa, engine) CONV_DOT_ONE(type, isa, engine)
#define CONV_DOT_ONE(type, isa, engine) \
    CONV_DEFINE(dot_##type##_##isa, engine, CONV_FORWARD, dot)

#define CONV_CALLS(call) \
    int conv_##call##_fits(const struct conv_shape *shape); \
    size_t conv_##call##_packed_bytes(const struct conv_engine *engine, \
                                      const struct conv_shape *shape); \
    void conv_##call##_pack(const struct conv_engine *engine, \
                            const struct conv_shape *shape, const uint16_t *weights, \
                            void *packed); \
    size_t conv_##call##_scratch_bytes(const struct conv_engine *engine, \
                                       const struct conv_shape *shape, int threads); \
    void conv_##call##_run(const struct conv_engine *engine, \
                           const struct conv_shape *shape, const uint16_t *x, \
                           const void *packed, uint16_t *y, void *scratch, int threads);

CONV_CALLS(direct)
CONV_CALLS(dot)
CONV_CALLS(pointwise)
CONV_CALLS(backward_data)
CONV_CALLS(backward_weights)

#endif
