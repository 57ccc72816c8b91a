/* The gradient in the weights, in the tiles of direct convolution: "pixels" are input
   channels, "steps" are pixels.

       dw[k, r, s, c] = sum over n, p, q of x[n, p u - pad + r d, q v - pad + s d, c]
                                           * dy[n, p, q, k]

       x -> [c][row][phase][col] float32     dy -> [p][q][32 k]
       taps: the rows p under one (r, s), each a run of q; tile: 14 c x 32 k

   About a thousand pixels are summed in registers, these partial sums in float32 in the
   cache, images and rows in order: the result does not depend on the threads.
   Cost: 2 n p q k (c / groups) r s FLOP, less the border. */

#include <string.h>

#include "conv_direct.h"
#include "sizes.h"
#include "threads.h"

#define MOST_CHANNELS ((size_t)64)
#define STEPS ((size_t)1024)
#define MOST_SUMS ((size_t)1 << 18)

struct cut {
    size_t p, q, c, k;           /* outputs; channels of a group */
    size_t block, blocks;        /* input channels */
    size_t width, k_blocks;      /* output channels */
    size_t parts, part;          /* of the output blocks, and blocks in a part */
    size_t rows, window;         /* outputs and inputs of a piece */
    size_t phase, pitch, plane;  /* columns of one phase; of a row; of a channel */
    size_t x_bytes, panel_bytes, sums_bytes, taps_bytes;
};

static struct cut plan(const struct conv_engine *engine, const struct conv_shape *a,
                       int threads)
{
    struct cut cut = {.p = conv_out_h(a),
                      .q = conv_out_w(a),
                      .c = a->c / a->groups,
                      .k = a->k / a->groups,
                      .width = 2 * engine->lanes};
    cut.blocks = ceil_div(cut.c, MOST_CHANNELS);
    cut.block = ceil_div(cut.c, cut.blocks);
    cut.k_blocks = ceil_div(cut.k, cut.width);
    const size_t sums = a->r * a->s * cut.block * cut.width;
    const size_t wanted = threads > 1 ? ceil_div(4 * (size_t)threads,
                                                 a->groups * cut.blocks)
                                      : 1;
    cut.parts = least(most(wanted, ceil_div(cut.k_blocks * sums, MOST_SUMS)),
                      cut.k_blocks);
    cut.part = ceil_div(cut.k_blocks, cut.parts);
    cut.rows = least(most(STEPS / cut.q, 1), cut.p);
    cut.window = least((cut.rows - 1) * a->stride_h + (a->r - 1) * a->dilation_h + 1,
                       a->h);
    cut.phase = ceil_div(a->w, a->stride_w);
    cut.pitch = cut.phase * a->stride_w;
    /* An odd number of lines: the same place of all channels lies in different sets. */
    cut.plane = (ceil_div(cut.window * cut.pitch, 16) | 1) * 16;
    cut.x_bytes = cut.block * cut.plane * sizeof(float);
    cut.panel_bytes = up_to_line(cut.rows * cut.q * cut.width * sizeof(uint16_t));
    cut.sums_bytes = up_to_line(cut.part * sums * sizeof(float));
    cut.taps_bytes = up_to_line(cut.rows * sizeof(struct conv_tap));
    return cut;
}

static size_t desk_bytes(const struct cut *cut)
{
    return cut->x_bytes + cut->panel_bytes + cut->sums_bytes + cut->taps_bytes;
}

int conv_backward_weights_fits(const struct conv_shape *a)
{
    (void)a;
    return 1;
}

size_t conv_backward_weights_packed_bytes(const struct conv_engine *engine,
                                          const struct conv_shape *a)
{
    (void)engine;
    return conv_y_items(a) * sizeof(uint16_t);
}

size_t conv_backward_weights_scratch_bytes(const struct conv_engine *engine,
                                           const struct conv_shape *a, int threads)
{
    const struct cut cut = plan(engine, a, threads);
    return (size_t)threads * desk_bytes(&cut);
}

/* One thread's place, and the block of channels that it works on. */
struct desk {
    const struct conv_engine *engine;
    const struct conv_shape *a;
    const struct cut *cut;
    float *x, *sums;
    uint16_t *panel;
    struct conv_tap *taps;
    size_t group, first, channels; /* of the input */
    size_t p, p_end, h, h_end;     /* the piece: outputs and inputs */
};

static void find_window(struct desk *desk)
{
    const struct conv_shape *a = desk->a;
    const size_t top = desk->p * a->stride_h;
    const size_t end =
        (desk->p_end - 1) * a->stride_h + (a->r - 1) * a->dilation_h + 1;
    desk->h = top > a->pad_h ? top - a->pad_h : 0;
    desk->h_end = end > a->pad_h ? least(end - a->pad_h, a->h) : 0;
}

/* Widen and transpose the rows under a piece. */
static void load_x(struct desk *desk, const uint16_t *image)
{
    const struct conv_shape *a = desk->a;
    const struct cut *cut = desk->cut;
    float pixel[MOST_CHANNELS];
    for (size_t h = desk->h; h < desk->h_end; h++)
        for (size_t w = 0; w < a->w; w++) {
            float *to = desk->x + (h - desk->h) * cut->pitch +
                        w % a->stride_w * cut->phase + w / a->stride_w;
            desk->engine->widen(image + (h * a->w + w) * a->c + desk->group * cut->c +
                                    desk->first,
                                pixel, desk->channels);
            for (size_t c = 0; c < desk->channels; c++)
                to[c * cut->plane] = pixel[c];
        }
}

/* Copy `width` channels of the piece of dy from channel `k` on; zeros beyond. */
static void load_dy(struct desk *desk, const uint16_t *image, size_t k, size_t width)
{
    const struct cut *cut = desk->cut;
    const size_t count = least(width, cut->k - k);
    const uint16_t *from =
        image + desk->p * cut->q * desk->a->k + desk->group * cut->k + k;
    uint16_t *to = desk->panel;
    if (count < width)
        memset(to, 0, cut->rows * cut->q * width * sizeof *to);
    for (size_t i = 0; i < (desk->p_end - desk->p) * cut->q; i++) {
        memcpy(to, from, count * sizeof *to);
        from += desk->a->k;
        to += width;
    }
}

/* Add the piece's share of tap (r, s) to the sums [channel][width]. */
static void add_tap(struct desk *desk, size_t r, size_t s, size_t width, float *sums)
{
    const struct conv_shape *a = desk->a;
    const struct cut *cut = desk->cut;
    const size_t right = s * a->dilation_w, down = r * a->dilation_h;
    const size_t first =
        right < a->pad_w ? ceil_div(a->pad_w - right, a->stride_w) : 0;
    const size_t end =
        a->w + a->pad_w > right ? ceil_div(a->w + a->pad_w - right, a->stride_w) : 0;
    const size_t last = least(end, cut->q);
    if (first >= last)
        return;
    const size_t w = first * a->stride_w + right - a->pad_w;
    struct conv_tap *tap = desk->taps;
    for (size_t p = desk->p; p < desk->p_end; p++) {
        const size_t h = p * a->stride_h + down;
        if (h < a->pad_h || h - a->pad_h >= a->h)
            continue;
        *tap++ = (struct conv_tap){(h - a->pad_h - desk->h) * cut->pitch +
                                       w % a->stride_w * cut->phase + w / a->stride_w,
                                   ((p - desk->p) * cut->q + first) * width,
                                   last - first};
    }
    struct conv_tile tile = {.x = desk->x,
                             .panel = desk->panel,
                             .pixel = cut->plane,
                             .taps = desk->taps,
                             .tap_count = (size_t)(tap - desk->taps)};
    const size_t vectors = width / desk->engine->lanes;
    const size_t pieces =
        ceil_div(desk->channels, desk->engine->most_pixels[vectors - 1]);
    for (size_t i = 0; i < pieces && tile.tap_count; i++) {
        const size_t c = i * desk->channels / pieces;
        tile.first = c * cut->plane;
        tile.sums = sums + c * width;
        desk->engine->tiles[vectors - 1][(i + 1) * desk->channels / pieces - c - 1](
            &tile);
    }
}

/* Round the sums [k block][r][s][channel][width] into dw[k][r][s][c]. */
static void store(struct desk *desk, size_t kb, size_t width, const float *sums,
                  uint16_t *dw)
{
    const struct cut *cut = desk->cut;
    const size_t taps = desk->a->r * desk->a->s, first = kb * cut->width;
    float row[MOST_CHANNELS];
    for (size_t k = first; k < least(first + width, cut->k); k++)
        for (size_t tap = 0; tap < taps; tap++) {
            for (size_t c = 0; c < desk->channels; c++)
                row[c] = sums[(tap * desk->channels + c) * width + k - first];
            desk->engine->round(
                row,
                dw + ((desk->group * cut->k + k) * taps + tap) * cut->c + desk->first,
                desk->channels);
        }
}

static size_t width_of(const struct conv_engine *engine, const struct cut *cut, size_t kb)
{
    const size_t rest = cut->k - kb * cut->width;
    return rest <= engine->lanes ? engine->lanes : cut->width;
}

/* Compute output blocks `kb` .. `kb_end` - 1 for the desk's channels. */
static void compute(struct desk *desk, size_t kb, size_t kb_end, const uint16_t *x,
                    const uint16_t *dy, uint16_t *dw)
{
    const struct conv_shape *a = desk->a;
    const struct cut *cut = desk->cut;
    const size_t taps = a->r * a->s, one = taps * desk->channels * cut->width;
    memset(desk->sums, 0, (kb_end - kb) * one * sizeof(float));
    for (size_t n = 0; n < a->n; n++)
        for (desk->p = 0; desk->p < cut->p; desk->p += cut->rows) {
            desk->p_end = least(desk->p + cut->rows, cut->p);
            find_window(desk);
            load_x(desk, x + n * a->h * a->w * a->c);
            for (size_t i = kb; i < kb_end; i++) {
                const size_t width = width_of(desk->engine, cut, i);
                load_dy(desk, dy + n * cut->p * cut->q * a->k, i * cut->width, width);
                for (size_t tap = 0; tap < taps; tap++)
                    add_tap(desk, tap / a->s, tap % a->s, width,
                            desk->sums + (i - kb) * one + tap * desk->channels * width);
            }
        }
    for (size_t i = kb; i < kb_end; i++)
        store(desk, i, width_of(desk->engine, cut, i), desk->sums + (i - kb) * one, dw);
}

void conv_backward_weights_run(const struct conv_engine *engine,
                               const struct conv_shape *a, const uint16_t *x,
                               const void *dy, uint16_t *dw, void *scratch, int threads)
{
    const struct cut cut = plan(engine, a, threads);
    const size_t work = a->groups * cut.blocks * cut.parts;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        const size_t rank = (size_t)omp_get_thread_num();
        char *place = (char *)scratch + rank * desk_bytes(&cut);
        struct desk desk = {.engine = engine, .a = a, .cut = &cut};
        desk.x = (float *)place;
        desk.panel = (uint16_t *)(place += cut.x_bytes);
        desk.sums = (float *)(place += cut.panel_bytes);
        desk.taps = (struct conv_tap *)(place += cut.sums_bytes);
#pragma omp for schedule(dynamic)
        for (size_t i = 0; i < work; i++) {
            const size_t block = i / cut.parts % cut.blocks, part = i % cut.parts;
            desk.group = i / cut.parts / cut.blocks;
            desk.first = block * cut.block;
            desk.channels = least(cut.block, cut.c - desk.first);
            compute(&desk, least(part * cut.part, cut.k_blocks),
                    least((part + 1) * cut.part, cut.k_blocks), x, dy, dw);
        }
    }
}
