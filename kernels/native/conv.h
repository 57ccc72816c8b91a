/* Half-precision convolution: the shape of a problem, and the contract of an algorithm.

       y[n, p, q, k] = sum over r, s, c of  x[n, p u - pad + r d, q v - pad + s d, c]
                                           * w[k, r, s, c]

   Stored NHWC and KRSC: the channels of one pixel lie side by side. `groups` split the
   channels of both sides; w then has c / groups channels. */

#ifndef TENBIN_CONV_H
#define TENBIN_CONV_H

#include <stddef.h>
#include <stdint.h>

struct conv_shape {
    size_t n, c, h, w, k, r, s;
    size_t stride_h, stride_w;
    size_t pad_h, pad_w;
    size_t dilation_h, dilation_w;
    size_t groups;
};

static inline size_t conv_out(size_t in, size_t pad, size_t filter, size_t stride,
                              size_t dilation)
{
    return (in + 2 * pad - dilation * (filter - 1) - 1) / stride + 1;
}

static inline size_t conv_out_h(const struct conv_shape *shape)
{
    return conv_out(shape->h, shape->pad_h, shape->r, shape->stride_h,
                    shape->dilation_h);
}

static inline size_t conv_out_w(const struct conv_shape *shape)
{
    return conv_out(shape->w, shape->pad_w, shape->s, shape->stride_w,
                    shape->dilation_w);
}

static inline size_t conv_x_items(const struct conv_shape *shape)
{
    return shape->n * shape->h * shape->w * shape->c;
}

static inline size_t conv_y_items(const struct conv_shape *shape)
{
    return shape->n * conv_out_h(shape) * conv_out_w(shape) * shape->k;
}

static inline size_t conv_w_items(const struct conv_shape *shape)
{
    return shape->k * shape->r * shape->s * (shape->c / shape->groups);
}

/* What is computed: y from x and w; the gradient of x from that of y and w; the gradient
   of w from x and that of y. The shape is always that of the forward problem. */
enum conv_direction { CONV_FORWARD, CONV_BACKWARD_DATA, CONV_BACKWARD_WEIGHTS };

/* One way to compute it. Weights are packed once, into `packed_bytes` that start on a
   cache line, and used many times; `scratch` likewise is the caller's, so that a timed
   run allocates nothing. `fits` says whether the algorithm can compute the shape.
   `x` and `y` are the input and the output of the direction: backwards in the data, the
   gradients of y and of x; backwards in the weights, x and the gradient of w. There is
   nothing to pack then, `pack` is NULL, and `packed` is the gradient of y. */
struct conv_algorithm {
    int (*fits)(const struct conv_shape *shape);
    size_t (*packed_bytes)(const struct conv_shape *shape);
    void (*pack)(const struct conv_shape *shape, const uint16_t *weights, void *packed);
    size_t (*scratch_bytes)(const struct conv_shape *shape, int threads);
    void (*run)(const struct conv_shape *shape, const uint16_t *x, const void *packed,
                uint16_t *y, void *scratch, int threads);
    enum conv_direction direction;
};

/* What a row of the dispatch table holds for a convolution: a function that returns
   its algorithm. */
typedef const struct conv_algorithm *(*conv_getter)(void);

/* Define the algorithm `name`: the functions conv_<call>_... with an engine. */
#define CONV_DEFINE(name, engine, way, call) \
    static void name##_pack(const struct conv_shape *shape, const uint16_t *weights, \
                            void *packed) \
    { \
        conv_##call##_pack(&engine, shape, weights, packed); \
    } \
    CONV_DEFINE_WITH(name, engine, way, call, name##_pack)

/* The same, where there is nothing to pack. */
#define CONV_DEFINE_UNPACKED(name, engine, way, call) \
    CONV_DEFINE_WITH(name, engine, way, call, NULL)

#define CONV_DEFINE_WITH(name, engine, way, call, pack) \
    static size_t name##_packed(const struct conv_shape *shape) \
    { \
        return conv_##call##_packed_bytes(&engine, shape); \
    } \
    static size_t name##_scratch(const struct conv_shape *shape, int threads) \
    { \
        return conv_##call##_scratch_bytes(&engine, shape, threads); \
    } \
    static void name##_run(const struct conv_shape *shape, const uint16_t *x, \
                           const void *packed, uint16_t *y, void *scratch, \
                           int threads) \
    { \
        conv_##call##_run(&engine, shape, x, packed, y, scratch, threads); \
    } \
    const struct conv_algorithm *conv_##name(void) \
    { \
        static const struct conv_algorithm algorithm = { \
            conv_##call##_fits, name##_packed, pack, name##_scratch, name##_run, way}; \
        return &algorithm; \
    }

#define CONV_GETTERS(name, isa) \
    const struct conv_algorithm *conv_##name##_f16_##isa(void); \
    const struct conv_algorithm *conv_##name##_bf16_##isa(void);

CONV_GETTERS(direct, scalar)
CONV_GETTERS(direct, neon)
CONV_GETTERS(direct, sve512)
CONV_GETTERS(direct, avx2)
CONV_GETTERS(direct, avx512)
CONV_GETTERS(pointwise, neon)
CONV_GETTERS(pointwise, sve512)
CONV_GETTERS(pointwise, avx2)
CONV_GETTERS(pointwise, avx512)
CONV_GETTERS(pixel, neon)
CONV_GETTERS(pixel, sve512)
CONV_GETTERS(pixel, avx2)
CONV_GETTERS(pixel, avx512)
CONV_GETTERS(backward_data, scalar)
CONV_GETTERS(backward_data, neon)
CONV_GETTERS(backward_data, sve512)
CONV_GETTERS(backward_data, avx2)
CONV_GETTERS(backward_data, avx512)
CONV_GETTERS(backward_weights, scalar)
CONV_GETTERS(backward_weights, neon)
CONV_GETTERS(backward_weights, sve512)
CONV_GETTERS(backward_weights, avx2)
CONV_GETTERS(backward_weights, avx512)

const struct conv_algorithm *conv_dot_bf16_avx512bf16(void);
const struct conv_algorithm *conv_dot_bf16_amx(void);
const struct conv_algorithm *conv_dot_f16_amxfp16(void);

/* Sums in float16, and in chunks of 32 terms in float16: for the study of accuracy. */
const struct conv_algorithm *conv_fp16acc_scalar(void);
const struct conv_algorithm *conv_fp16acc_neonfp16(void);
const struct conv_algorithm *conv_fp16acc_sve512(void);
const struct conv_algorithm *conv_fp16acc_avx2(void);
const struct conv_algorithm *conv_fp16acc_avx512fp16(void);
const struct conv_algorithm *conv_fp16chunk_scalar(void);
const struct conv_algorithm *conv_fp16chunk_neonfp16(void);
const struct conv_algorithm *conv_fp16chunk_sve512(void);
const struct conv_algorithm *conv_fp16chunk_avx2(void);
const struct conv_algorithm *conv_fp16chunk_avx512fp16(void);

#endif
