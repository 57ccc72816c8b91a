/* The views of a convolution: forward, and backwards in the data.

   Backwards, the outputs h of one phase (h + pad) mod stride see the same taps r, those
   with r d = phase (mod stride); they are a convolution of dy with stride 1, the taps
   in reverse:

       h = phase - pad + stride j        p = (h + pad - r d) / stride */

#include "conv_direct.h"

struct conv_view conv_view_forward(const struct conv_shape *a)
{
    const size_t c = a->c / a->groups, taps = a->r * a->s, q = conv_out_w(a);
    return (struct conv_view){
        .n = a->n,
        .groups = a->groups,
        .c = a->c,
        .h = a->h,
        .w = a->w,
        .k = a->k,
        .p = conv_out_h(a),
        .q = q,
        .r = a->r,
        .s = a->s,
        .stride_h = a->stride_h,
        .stride_w = a->stride_w,
        .pad_h = (ptrdiff_t)a->pad_h,
        .pad_w = (ptrdiff_t)a->pad_w,
        .dilation_h = a->dilation_h,
        .dilation_w = a->dilation_w,
        .y_image = conv_out_h(a) * q * a->k,
        .y_row = q * a->k,
        .y_pixel = a->k,
        .w_group = (ptrdiff_t)(a->k / a->groups * taps * c),
        .w_k = (ptrdiff_t)(taps * c),
        .w_r = (ptrdiff_t)(a->s * c),
        .w_s = (ptrdiff_t)c,
        .w_c = 1,
    };
}

/* One axis of a phase: which outputs, which taps, and how they meet. */
struct phase {
    size_t first, count;        /* outputs first, first + stride, ... */
    size_t tap, taps, tap_step; /* taps tap, tap + tap_step, ... */
    size_t dilation;
    ptrdiff_t pad;
};

static size_t gcd(size_t a, size_t b)
{
    return b ? gcd(b, a % b) : a;
}

static struct phase find_phase(size_t index, size_t extent, size_t taps, size_t stride,
                               size_t pad, size_t dilation)
{
    const size_t common = gcd(dilation, stride), shifted = (index + pad) % stride;
    struct phase phase = {.first = index,
                          .count = index < extent ? (extent - index - 1) / stride + 1 : 0,
                          .tap_step = stride / common,
                          .dilation = dilation / common};
    while (phase.tap < taps && phase.tap * dilation % stride != shifted)
        phase.tap++;
    if (phase.tap == taps)
        return phase;
    phase.taps = (taps - 1 - phase.tap) / phase.tap_step + 1;
    /* Output j under tap i of the list lies on p = j + offset - i dilation. */
    const ptrdiff_t offset =
        ((ptrdiff_t)(index + pad) - (ptrdiff_t)(phase.tap * dilation)) /
        (ptrdiff_t)stride;
    phase.pad = (ptrdiff_t)((phase.taps - 1) * phase.dilation) - offset;
    return phase;
}

struct conv_view conv_view_backward(const struct conv_shape *a, size_t index)
{
    const struct phase h = find_phase(index / a->stride_w, a->h, a->r, a->stride_h,
                                      a->pad_h, a->dilation_h);
    const struct phase w = find_phase(index % a->stride_w, a->w, a->s, a->stride_w,
                                      a->pad_w, a->dilation_w);
    const ptrdiff_t c = (ptrdiff_t)(a->c / a->groups), row = (ptrdiff_t)a->s * c;
    const ptrdiff_t last_r = (ptrdiff_t)(h.tap + (h.taps - 1) * h.tap_step);
    const ptrdiff_t last_s = (ptrdiff_t)(w.tap + (w.taps - 1) * w.tap_step);
    return (struct conv_view){
        .n = a->n,
        .groups = a->groups,
        .c = a->k,
        .h = conv_out_h(a),
        .w = conv_out_w(a),
        .k = a->c,
        .p = h.count,
        .q = w.count,
        .r = h.taps,
        .s = w.taps,
        .stride_h = 1,
        .stride_w = 1,
        .pad_h = h.pad,
        .pad_w = w.pad,
        .dilation_h = h.dilation,
        .dilation_w = w.dilation,
        .y_image = a->h * a->w * a->c,
        .y_row = a->stride_h * a->w * a->c,
        .y_pixel = a->stride_w * a->c,
        .y_first = (h.first * a->w + w.first) * a->c,
        .w_first = last_r * row + last_s * c,
        .w_group = (ptrdiff_t)(a->k / a->groups * a->r) * row,
        .w_k = 1,
        .w_r = -(ptrdiff_t)h.tap_step * row,
        .w_s = -(ptrdiff_t)w.tap_step * c,
        .w_c = (ptrdiff_t)a->r * row,
    };
}
