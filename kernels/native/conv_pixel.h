/* Convolution of few channels or to few filters, vectorised over outputs: what the loops
   ask of an ISA. */

#ifndef TENBIN_CONV_PIXEL_H
#define TENBIN_CONV_PIXEL_H

#include "conv.h"

#define PIXEL_FEW 16
#define PIXEL_MOST_ROWS 14
#define PIXEL_MOST_TAPS 5

/* Taps below each other: `taps` of them, the first at `at`, all a row apart. */
struct pixel_group {
    size_t at, taps;
};

/* A vector of outputs in each of some neighbouring rows, `items` of it stored:

       y[p y_row + i] = sum over taps of x[at + p pitch + lane[i]] * w[tap][i] */
typedef void (*pixel_tile)(const float *x, size_t pitch, const struct pixel_group *groups,
                           size_t count, const float *w, const int32_t *lane,
                           uint16_t *y, size_t y_row, size_t items);

struct pixel_engine {
    size_t lanes, rows;
    pixel_tile tiles[2][PIXEL_MOST_ROWS]; /* of 1, 2, ... rows; [1] where `lane` is 0 */
    void (*widen)(const uint16_t *from, float *to, size_t count);
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
