/* Forward, 1x1 and backward-data as views. */

#include "conv_direct.h"

/* Whether a filter is as large as the image: taps are then no more than channels. */
static bool covers(const struct conv_shape *a)
{
    return a->r == a->h && a->s == a->w && a->dilation_h == 1 && a->dilation_w == 1 &&
           a->groups == 1;
}

/* 1x1 without border and stride is a product of matrices: all pixels are one row. */
static struct conv_view pointwise_view(const struct conv_shape *a)
{
    struct conv_shape row = *a;
    if (covers(a)) {
        row.c *= a->r * a->s;
        row.r = row.s = row.h = row.w = row.stride_h = row.stride_w = 1;
    }
    if (row.stride_h == 1 && row.stride_w == 1) {
        row.w *= row.n * row.h;
        row.n = row.h = 1;
    }
    return conv_view_forward(&row);
}

/* Two channels are a step. */
static struct conv_view dot_view(const struct conv_shape *a)
{
    struct conv_view view = conv_view_forward(a);
    view.c /= 2;
    return view;
}

static struct conv_view direct_view(const struct conv_shape *a)
{
    return conv_view_forward(a);
}

int conv_direct_fits(const struct conv_shape *a)
{
    (void)a;
    return 1;
}

int conv_dot_fits(const struct conv_shape *a)
{
    return a->c / a->groups % 2 == 0;
}

int conv_pointwise_fits(const struct conv_shape *a)
{
    const bool one = a->r == 1 && a->s == 1;
    return (one || covers(a)) && a->pad_h == 0 && a->pad_w == 0;
}

int conv_backward_data_fits(const struct conv_shape *a)
{
    (void)a;
    return 1;
}

#define FORWARD(call) \
    size_t conv_##call##_packed_bytes(const struct conv_engine *engine, \
                                      const struct conv_shape *a) \
    { \
        const struct conv_view view = call##_view(a); \
        return conv_view_packed_items(engine, &view) * sizeof(uint16_t); \
    } \
    void conv_##call##_pack(const struct conv_engine *engine, \
                            const struct conv_shape *a, const uint16_t *weights, \
                            void *packed) \
    { \
        const struct conv_view view = call##_view(a); \
        conv_view_pack(engine, &view, weights, packed); \
    } \
    size_t conv_##call##_scratch_bytes(const struct conv_engine *engine, \
                                       const struct conv_shape *a, int threads) \
    { \
        const struct conv_view view = call##_view(a); \
        return conv_view_scratch_bytes(engine, &view, threads); \
    } \
    void conv_##call##_run(const struct conv_engine *engine, \
                           const struct conv_shape *a, const uint16_t *x, \
                           const void *packed, uint16_t *y, void *scratch, \
                           int threads) \
    { \
        const struct conv_view view = call##_view(a); \
        conv_view_run(engine, &view, x, packed, y, scratch, threads); \
    }

FORWARD(direct)
FORWARD(dot)
FORWARD(pointwise)

size_t conv_backward_data_packed_bytes(const struct conv_engine *engine,
                                       const struct conv_shape *a)
{
    size_t items = 0;
    for (size_t i = 0; i < a->stride_h * a->stride_w; i++) {
        const struct conv_view view = conv_view_backward(a, i);
        items += conv_view_packed_items(engine, &view);
    }
    return items * sizeof(uint16_t);
}

void conv_backward_data_pack(const struct conv_engine *engine,
                             const struct conv_shape *a, const uint16_t *weights,
                             void *packed)
{
    uint16_t *place = packed;
    for (size_t i = 0; i < a->stride_h * a->stride_w; i++) {
        const struct conv_view view = conv_view_backward(a, i);
        conv_view_pack(engine, &view, weights, place);
        place += conv_view_packed_items(engine, &view);
    }
}

size_t conv_backward_data_scratch_bytes(const struct conv_engine *engine,
                                        const struct conv_shape *a, int threads)
{
    size_t most = 0;
    for (size_t i = 0; i < a->stride_h * a->stride_w; i++) {
        const struct conv_view view = conv_view_backward(a, i);
        const size_t bytes = conv_view_scratch_bytes(engine, &view, threads);
        most = bytes > most ? bytes : most;
    }
    return most;
}

void conv_backward_data_run(const struct conv_engine *engine,
                            const struct conv_shape *a, const uint16_t *dy,
                            const void *packed, uint16_t *dx, void *scratch,
                            int threads)
{
    const uint16_t *place = packed;
    for (size_t i = 0; i < a->stride_h * a->stride_w; i++) {
        const struct conv_view view = conv_view_backward(a, i);
        if (view.p && view.q)
            conv_view_run(engine, &view, dy, place, dx, scratch, threads);
        place += conv_view_packed_items(engine, &view);
    }
}
