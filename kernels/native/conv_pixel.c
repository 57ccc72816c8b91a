/* Few output channels: a vector holds pixels, not channels.

   The image is widened once into planes, one for each channel and phase of the stride,
   zeros around it. In a plane the inputs of all outputs under one tap lie side by side:

       +---------------+
       | q q q q . . . |    output i = p pitch + q reads x[i + at(c, r, s)]
       | q q q q . . . |    the dots between two rows are computed and dropped
       +---------------+

   Cost: 2 n p pitch k c r s FLOP, pitch = q + (s - 1) dilation / stride. */

#include "conv_pixel.h"

#include <stdbool.h>
#include <string.h>

#include "sizes.h"
#include "threads.h"

struct layout {
    size_t p, q;        /* outputs */
    size_t rows, pitch; /* of a plane */
    size_t plane, taps, blocks, last;
};

static struct layout lay_out(const struct pixel_engine *engine,
                             const struct conv_shape *a)
{
    struct layout it = {.p = conv_out_h(a), .q = conv_out_w(a)};
    it.rows = it.p + ((a->r - 1) * a->dilation_h) / a->stride_h;
    it.pitch = it.q + ((a->s - 1) * a->dilation_w) / a->stride_w;
    it.plane = it.rows * it.pitch;
    it.taps = a->c * a->r * a->s;
    it.last = (it.p - 1) * it.pitch + it.q;
    it.blocks = ceil_div(it.last, engine->block);
    return it;
}

int conv_pixel_fits(const struct conv_shape *a)
{
    return a->groups == 1 && a->k < PIXEL_MOST_OUTPUTS;
}

/* Channels are taken in equal shares: return the first of share `index`. */
static size_t share(const struct conv_shape *a, size_t index)
{
    return index * a->k / ceil_div(a->k, PIXEL_MOST_CHANNELS);
}

size_t conv_pixel_packed_bytes(const struct pixel_engine *engine,
                               const struct conv_shape *a)
{
    (void)engine;
    return conv_w_items(a) * sizeof(float);
}

/* Packed: [share][c][r][s][k], float32. */
void conv_pixel_pack(const struct pixel_engine *engine, const struct conv_shape *a,
                     const uint16_t *weights, void *packed)
{
    float *to = packed;
    for (size_t i = 0; share(a, i) < a->k; i++)
        for (size_t c = 0; c < a->c; c++)
            for (size_t tap = 0; tap < a->r * a->s; tap++)
                for (size_t k = share(a, i); k < share(a, i + 1); k++)
                    *to++ = engine->widen_one(
                        weights[(k * a->r * a->s + tap) * a->c + c]);
}

struct part {
    size_t row, at, planes;
};

/* A thread's scratch: a widened row, where taps are, the planes and room to overrun. */
static struct part parts(const struct pixel_engine *engine, const struct conv_shape *a,
                         const struct layout *it)
{
    return (struct part){
        up_to_line(a->w * a->c * sizeof(float)), up_to_line(it->taps * sizeof(size_t)),
        up_to_line((a->c * a->stride_h * a->stride_w * it->plane + engine->block) *
                   sizeof(float))};
}

size_t conv_pixel_scratch_bytes(const struct pixel_engine *engine,
                                const struct conv_shape *a, int threads)
{
    const struct layout it = lay_out(engine, a);
    const struct part part = parts(engine, a, &it);
    return (size_t)threads * (part.row + part.at + part.planes);
}

/* Return where (h, w) of channel c lies, h and w counted with the border. */
static size_t place(const struct conv_shape *a, const struct layout *it, size_t c,
                    size_t h, size_t w)
{
    const size_t phase = h % a->stride_h * a->stride_w + w % a->stride_w;
    return (c * a->stride_h * a->stride_w + phase) * it->plane +
           h / a->stride_h * it->pitch + w / a->stride_w;
}

static void fill_planes(const struct pixel_engine *engine, const struct conv_shape *a,
                        const struct layout *it, const uint16_t *image, float *row,
                        float *planes)
{
    const bool direct = a->c == 1 && a->stride_w == 1;
    const size_t wide = it->pitch * a->stride_w, high = it->rows * a->stride_h;
    const size_t cols = wide > a->pad_w ? least(a->w, wide - a->pad_w) : 0;
    memset(planes, 0,
           a->c * a->stride_h * a->stride_w * it->plane * sizeof *planes);
    for (size_t h = 0; h < a->h && h + a->pad_h < high; h++) {
        const uint16_t *from = image + h * a->w * a->c;
        if (direct) {
            float *to = planes + place(a, it, 0, h + a->pad_h, a->pad_w);
            engine->widen(from, to, cols);
            continue;
        }
        engine->widen(from, row, cols * a->c);
        for (size_t c = 0; c < a->c; c++)
            for (size_t first = 0; first < least(a->stride_w, cols); first++) {
                float *to = planes + place(a, it, c, h + a->pad_h, first + a->pad_w);
                for (size_t w = first; w < cols; w += a->stride_w)
                    *to++ = row[w * a->c + c];
            }
    }
}

static void find_taps(const struct conv_shape *a, const struct layout *it, size_t *at)
{
    for (size_t c = 0; c < a->c; c++)
        for (size_t r = 0; r < a->r; r++)
            for (size_t s = 0; s < a->s; s++)
                *at++ = place(a, it, c, r * a->dilation_h, s * a->dilation_w);
}

static void plan_interleaving(size_t channels, struct interleaving *it)
{
    memset(it, 0, sizeof *it);
    it->channels = channels;
    for (size_t i = 0; i < 32 * channels; i++) {
        it->pixel[i / 32][i % 32] = (uint16_t)(i / channels);
        it->mask[i / 32][i % channels] |= (uint32_t)1 << i % 32;
    }
}

/* Store outputs `i` .. `i` + block - 1 that are not between two rows. */
static void store_block(const struct pixel_engine *engine, const struct conv_shape *a,
                        const struct layout *it, size_t i,
                        const struct interleaving *order, const uint16_t *sums,
                        uint16_t *y)
{
    uint16_t pixels[PIXEL_MOST_OUTPUTS * PIXEL_MOST_BLOCK];
    engine->interleave(sums, order, pixels);
    const size_t end = least(i + engine->block, it->last);
    for (size_t first = i; first < end;) {
        const size_t p = first / it->pitch, q = first % it->pitch;
        const size_t count = q < it->q ? least(it->q - q, end - first) : 0;
        memcpy(y + (p * it->q + q) * a->k, pixels + (first - i) * a->k,
               count * a->k * sizeof *y);
        first = least(end, (p + 1) * it->pitch);
    }
}

static void compute_block(const struct pixel_engine *engine, const struct conv_shape *a,
                          const struct layout *it, size_t i,
                          const struct interleaving *order, const float *planes,
                          const size_t *at, const float *w, uint16_t *y)
{
    uint16_t sums[PIXEL_MOST_OUTPUTS * PIXEL_MOST_BLOCK];
    for (size_t part = 0; share(a, part) < a->k; part++) {
        const size_t first = share(a, part), count = share(a, part + 1) - first;
        engine->tiles[count - 1](planes + i, at, it->taps, w + first * it->taps,
                                 sums + first * engine->block);
    }
    store_block(engine, a, it, i, order, sums, y);
}

void conv_pixel_run(const struct pixel_engine *engine, const struct conv_shape *a,
                    const uint16_t *x, const void *packed, uint16_t *y, void *scratch,
                    int threads)
{
    const struct layout it = lay_out(engine, a);
    const struct part part = parts(engine, a, &it);
    const size_t work = a->n * it.blocks;
    struct interleaving order;
    plan_interleaving(a->k, &order);
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        const size_t rank = (size_t)omp_get_thread_num();
        const size_t size = (size_t)omp_get_num_threads();
        char *desk = (char *)scratch + rank * (part.row + part.at + part.planes);
        size_t *at = (size_t *)(desk + part.row);
        float *planes = (float *)(desk + part.row + part.at);
        const size_t first = rank * work / size, last = (rank + 1) * work / size;
        find_taps(a, &it, at);
        for (size_t i = first; i < last; i++) {
            const size_t n = i / it.blocks;
            if (i == first || i % it.blocks == 0)
                fill_planes(engine, a, &it, x + n * a->h * a->w * a->c, (float *)desk,
                            planes);
            compute_block(engine, a, &it, i % it.blocks * engine->block, &order,
                          planes, at, packed, y + n * it.p * it.q * a->k);
        }
    }
}
