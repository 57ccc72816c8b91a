/* Convolution as its definition reads, one output at a time: slow, and plainly right for
   every stride, padding, dilation and group. Sums are float32, rounded once. */

#include "conv.h"

#include <stdbool.h>

#include "half.h"

typedef float (*widen_item)(uint16_t);
typedef uint16_t (*round_item)(float);

/* Find the input index of output `out` under tap `tap`; return false in the border. */
static bool under(size_t out, size_t stride, size_t tap, size_t dilation, size_t pad,
                  size_t extent, size_t *in)
{
    const size_t shifted = out * stride + tap * dilation;
    *in = shifted - pad;
    return shifted >= pad && shifted - pad < extent;
}

static inline size_t x_at(const struct conv_shape *a, size_t n, size_t h, size_t w,
                          size_t c)
{
    return ((n * a->h + h) * a->w + w) * a->c + c;
}

static inline size_t y_at(const struct conv_shape *a, size_t n, size_t p, size_t q,
                          size_t k)
{
    return ((n * conv_out_h(a) + p) * conv_out_w(a) + q) * a->k + k;
}

static inline size_t w_at(const struct conv_shape *a, size_t k, size_t r, size_t s,
                          size_t c)
{
    return ((k * a->r + r) * a->s + s) * (a->c / a->groups) + c;
}

/* Return y[n, p, q, k]. */
static inline float forward(const struct conv_shape *a, const uint16_t *x,
                            const uint16_t *weights, widen_item widen, size_t n,
                            size_t p, size_t q, size_t k)
{
    const size_t channels = a->c / a->groups;
    const size_t first = k / (a->k / a->groups) * channels;
    size_t h, w;
    float sum = 0;
    for (size_t r = 0; r < a->r; r++)
        for (size_t s = 0; s < a->s; s++)
            if (under(p, a->stride_h, r, a->dilation_h, a->pad_h, a->h, &h) &&
                under(q, a->stride_w, s, a->dilation_w, a->pad_w, a->w, &w))
                for (size_t c = 0; c < channels; c++)
                    sum += widen(x[x_at(a, n, h, w, first + c)]) *
                           widen(weights[w_at(a, k, r, s, c)]);
    return sum;
}

/* Return the output whose tap `tap` lies on `in`, or `extent` where there is none. */
static size_t over(size_t in, size_t stride, size_t tap, size_t dilation, size_t pad,
                   size_t extent)
{
    const size_t shifted = in + pad;
    if (shifted < tap * dilation || (shifted - tap * dilation) % stride)
        return extent;
    const size_t out = (shifted - tap * dilation) / stride;
    return out < extent ? out : extent;
}

/* Return dx[n, h, w, c]. */
static inline float backward_data(const struct conv_shape *a, const uint16_t *dy,
                                  const uint16_t *weights, widen_item widen, size_t n,
                                  size_t h, size_t w, size_t c)
{
    const size_t channels = a->c / a->groups, filters = a->k / a->groups;
    const size_t first = c / channels * filters;
    const size_t height = conv_out_h(a), width = conv_out_w(a);
    float sum = 0;
    for (size_t r = 0; r < a->r; r++)
        for (size_t s = 0; s < a->s; s++) {
            const size_t p = over(h, a->stride_h, r, a->dilation_h, a->pad_h, height);
            const size_t q = over(w, a->stride_w, s, a->dilation_w, a->pad_w, width);
            if (p == height || q == width)
                continue;
            for (size_t k = first; k < first + filters; k++)
                sum += widen(dy[y_at(a, n, p, q, k)]) *
                       widen(weights[w_at(a, k, r, s, c % channels)]);
        }
    return sum;
}

/* Return dw[k, r, s, c]: one partial sum per output row, so that long sums stay exact
   enough. */
static inline float backward_weights(const struct conv_shape *a, const uint16_t *x,
                                     const uint16_t *dy, widen_item widen, size_t k,
                                     size_t r, size_t s, size_t c)
{
    const size_t channels = a->c / a->groups;
    const size_t first = k / (a->k / a->groups) * channels;
    size_t h, w;
    float sum = 0;
    for (size_t n = 0; n < a->n; n++)
        for (size_t p = 0; p < conv_out_h(a); p++) {
            float row = 0;
            if (!under(p, a->stride_h, r, a->dilation_h, a->pad_h, a->h, &h))
                continue;
            for (size_t q = 0; q < conv_out_w(a); q++)
                if (under(q, a->stride_w, s, a->dilation_w, a->pad_w, a->w, &w))
                    row += widen(x[x_at(a, n, h, w, first + c)]) *
                           widen(dy[y_at(a, n, p, q, k)]);
            sum += row;
        }
    return sum;
}

static int fits(const struct conv_shape *shape)
{
    (void)shape;
    return 1;
}

static size_t weight_bytes(const struct conv_shape *shape)
{
    return conv_w_items(shape) * sizeof(uint16_t);
}

static size_t gradient_bytes(const struct conv_shape *shape)
{
    return conv_y_items(shape) * sizeof(uint16_t);
}

static void copy_weights(const struct conv_shape *shape, const uint16_t *weights,
                         void *packed)
{
    memcpy(packed, weights, weight_bytes(shape));
}

static size_t no_scratch(const struct conv_shape *shape, int threads)
{
    (void)shape;
    (void)threads;
    return 0;
}

/* Every element of an output of l0 x l1 x l2 x l3. */
#define DEFINE(name, way, bytes, packer, element, widen, narrow, l0, l1, l2, l3) \
    static void run_##name(const struct conv_shape *a, const uint16_t *x, \
                           const void *packed, uint16_t *y, void *scratch, int threads) \
    { \
        (void)scratch; \
        (void)threads; \
        for (size_t i = 0; i < (l0); i++) \
            for (size_t j = 0; j < (l1); j++) \
                for (size_t m = 0; m < (l2); m++) \
                    for (size_t o = 0; o < (l3); o++) \
                        *y++ = narrow(element(a, x, packed, widen, i, j, m, o)); \
    } \
    const struct conv_algorithm *conv_##name(void) \
    { \
        static const struct conv_algorithm algorithm = { \
            fits, bytes, packer, no_scratch, run_##name, way}; \
        return &algorithm; \
    }

#define DEFINE_ALL(type, widen, narrow) \
    DEFINE(direct_##type##_scalar, CONV_FORWARD, weight_bytes, copy_weights, forward, \
           widen, narrow, a->n, conv_out_h(a), conv_out_w(a), a->k) \
    DEFINE(backward_data_##type##_scalar, CONV_BACKWARD_DATA, weight_bytes, \
           copy_weights, backward_data, widen, narrow, a->n, a->h, a->w, a->c) \
    DEFINE(backward_weights_##type##_scalar, CONV_BACKWARD_WEIGHTS, gradient_bytes, \
           NULL, backward_weights, widen, narrow, a->k, a->r, a->s, a->c / a->groups)

DEFINE_ALL(f16, widen_f16, round_f16)
DEFINE_ALL(bf16, widen_bf16, round_bf16)
