/* Convolution to few channels, vectorised over pixels: what the loops ask of an ISA. */

#ifndef TENBIN_CONV_PIXEL_H
#define TENBIN_CONV_PIXEL_H

#include "conv.h"

#define PIXEL_MOST_CHANNELS 6
#define PIXEL_MOST_OUTPUTS 16
#define PIXEL_MOST_BLOCK 64

/* Element j of run o of 32 in [pixel][channel] is pixel `pixel[o][j]` of a channel: of
   the k for which bit j of mask[o][k] is set. */
struct interleaving {
    size_t channels;
    uint16_t pixel[PIXEL_MOST_OUTPUTS][32];
    uint32_t mask[PIXEL_MOST_OUTPUTS][PIXEL_MOST_OUTPUTS];
};

/* out[k][i] = sum over taps t of x[at[t] + i] * w[t][k], rounded; `block` pixels i. */
typedef void (*pixel_tile)(const float *x, const size_t *at, size_t taps,
                           const float *w, uint16_t *out);

struct pixel_engine {
    size_t block;
    pixel_tile tiles[PIXEL_MOST_CHANNELS]; /* of 1, 2, ... channels */
    void (*widen)(const uint16_t *from, float *to, size_t count);
    /* to[i][k] = from[k][i] of `block` pixels */
    void (*interleave)(const uint16_t *from, const struct interleaving *it, uint16_t *to);
    float (*widen_one)(uint16_t);
};

int conv_pixel_fits(const struct conv_shape *shape);
size_t conv_pixel_packed_bytes(const struct pixel_engine *engine,
                               const struct conv_shape *shape);
void conv_pixel_pack(const struct pixel_engine *engine, const struct conv_shape *shape,
                     const uint16_t *weights, void *packed);
size_t conv_pixel_scratch_bytes(const struct pixel_engine *engine,
                                const struct conv_shape *shape, int threads);
void conv_pixel_run(const struct pixel_engine *engine, const struct conv_shape *shape,
                    const uint16_t *x, const void *packed, uint16_t *y, void *scratch,
                    int threads);

#define CONV_PIXEL(type, isa, engine) CONV_PIXEL_ONE(type, isa, engine)
#define CONV_PIXEL_ONE(type, isa, engine) \
    CONV_DEFINE(pixel_##type##_##isa, engine, CONV_FORWARD, pixel)

#endif
