/* Direct convolution: a rectangle of outputs x a block of channels at a time.

       x, float16         rectangle's window, float32        sums in registers
       +------------+     [c / 64][row][col][64]             14 pixels x 32 channels
       |  +--+      | --> +-----+                    +------+
       |  |  |      |     |     | -- broadcast ----> | += * | --> y, rounded once
       |  +--+      |     +-----+                    +------+
       +------------+     weights of 32 channels, float16 ^
                          [c / 64][r][s][64][32] --- widen

   The window is widened once for all channels, the weights on their way to registers;
   both stay in the second-level cache (conv_direct_cut.c). Taps that fall into the
   border are left out: a tile at the edge is summed over runs of taps that see the same
   pixels (conv_direct_desk.c).
   Cost: 2 n p q k (c / groups) r s FLOP, less the border. */

#include "conv_direct.h"

#include <string.h>

#include "conv_direct_desk.h"
#include "sizes.h"
#include "threads.h"

static size_t desk_bytes(const struct conv_cut *cut)
{
    return cut->x_bytes + cut->sums_bytes + cut->taps_bytes + cut->runs_bytes;
}

size_t conv_view_scratch_bytes(const struct conv_engine *engine,
                               const struct conv_view *a, int threads)
{
    const struct conv_cut cut = conv_view_cut(engine, a);
    return (size_t)threads * desk_bytes(&cut);
}

/* Sum and store `pixels` outputs from (p, q), a chunk of the channels. */
static void compute_tile(struct conv_desk *desk, size_t chunk, size_t p, size_t q,
                         size_t pixels, uint16_t *y, size_t channels)
{
    const struct conv_view *a = desk->a;
    const struct conv_cut *cut = desk->cut;
    const size_t width = desk->width, place = (p - desk->p) * cut->cols + q - desk->q;
    const conv_tile_function *tiles = desk->engine->tiles[width / cut->lanes - 1];
    float *sums = desk->sums + (cut->chunks > 1 ? place * width : 0);
    struct conv_tile tile = {.x = desk->x,
                             .panel = desk->panel,
                             .pixel = a->stride_w / cut->step_w * cut->block,
                             .taps = desk->taps,
                             .y_pixel = a->y_pixel,
                             .channels = channels,
                             .ahead = desk->ahead,
                             .ahead_step = desk->ahead_step};
    bool whole = a->s > 0 && cut->chunks == 1;
    for (size_t s = 0; s < a->s; s++)
        whole = whole && desk->runs[s].first <= q && q + pixels <= desk->runs[s].last;
    if (chunk == 0 && !whole)
        memset(sums, 0, pixels * width * sizeof *sums);
    for (size_t s = 0, next; s < a->s; s = next) {
        const size_t first = most(q, desk->runs[s].first);
        const size_t last = least(q + pixels, desk->runs[s].last);
        for (next = s + 1; next < a->s; next++)
            if (most(q, desk->runs[next].first) != first ||
                least(q + pixels, desk->runs[next].last) != last)
                break;
        if (first >= last)
            continue;
        if (desk->listed_s != s || desk->listed_s_end != next)
            conv_desk_list(desk, chunk, p, s, next);
        tile.tap_count = desk->tap_count;
        tile.first = (first - desk->q) * tile.pixel;
        tile.sums = sums + (first - q) * width;
        tile.y = whole ? y : NULL;
        tiles[last - first - 1](&tile);
    }
    if (!whole && chunk + 1 == cut->chunks)
        for (size_t i = 0; i < pixels; i++)
            desk->engine->round(sums + i * width, y + i * a->y_pixel, channels);
}

/* Compute a chunk of the channels of x in the rectangle. Each of its tiles asks for a
   share of the weights behind its own, which the next chunk or block needs. */
static void compute_chunk(struct conv_desk *desk, size_t chunk, uint16_t *y,
                          size_t channels)
{
    const struct conv_view *a = desk->a;
    const struct conv_cut *cut = desk->cut;
    const size_t cols = desk->q_end - desk->q;
    const size_t pieces = ceil_div(cols, cut->most_pixels);
    const size_t tiles = (desk->p_end - desk->p) * pieces;
    const size_t first = chunk * cut->chunk * cut->block;
    const size_t steps = least(cut->chunk * cut->block, cut->c - first) * a->r * a->s;
    const size_t step_bytes = desk->width * desk->engine->halves * sizeof(uint16_t);
    desk->ahead = (uintptr_t)desk->panel + steps * step_bytes;
    desk->ahead_step = ceil_div(step_bytes, tiles);
    for (size_t p = desk->p; p < desk->p_end; p++) {
        desk->listed_s_end = 0;
        for (size_t i = 0; i < pieces; i++) {
            const size_t q = desk->q + i * cols / pieces;
            const size_t q_end = desk->q + (i + 1) * cols / pieces;
            compute_tile(desk, chunk, p, q, q_end - q,
                         y + p * a->y_row + q * a->y_pixel, channels);
            desk->ahead += steps * step_bytes / tiles;
        }
    }
}

/* Compute block `kb` of the channels of `group` in the rectangle. */
static void compute_block(struct conv_desk *desk, size_t group, size_t kb,
                          const uint16_t *packed, uint16_t *y)
{
    const struct conv_view *a = desk->a;
    const struct conv_cut *cut = desk->cut;
    const size_t first = kb * cut->width;
    desk->width = conv_cut_width(cut, kb);
    const size_t channels = least(desk->width, cut->k - first);
    packed += (group * conv_cut_packed_before(a, cut, cut->k_blocks) +
               conv_cut_packed_before(a, cut, kb)) *
              desk->engine->halves;
    y += group * cut->k + first;
    for (size_t chunk = 0; chunk < cut->chunks; chunk++) {
        const size_t c = chunk * cut->chunk * cut->block;
        desk->panel = packed + c * a->r * a->s * desk->width * desk->engine->halves;
        compute_chunk(desk, chunk, y, channels);
    }
}

/* Take `first` .. `last` - 1 of the work, numbered [image][group][rectangle][output
   block]. */
static void compute(struct conv_desk *desk, size_t first, size_t last,
                    const uint16_t *x, const uint16_t *packed, uint16_t *y)
{
    const struct conv_view *a = desk->a;
    const struct conv_cut *cut = desk->cut;
    const size_t rectangles = cut->high * cut->wide;
    for (size_t i = first; i < last; i++) {
        const size_t place = i / cut->k_blocks, rectangle = place % rectangles;
        const size_t group = place / rectangles % a->groups;
        const size_t n = place / rectangles / a->groups;
        if (i == first || i % cut->k_blocks == 0) {
            const size_t row = rectangle / cut->wide;
            desk->p = row * a->p / cut->high;
            desk->q = rectangle % cut->wide * cut->cols;
            desk->p_end = (row + 1) * a->p / cut->high;
            desk->q_end = least(desk->q + cut->cols, a->q);
            conv_desk_load(desk, x + n * a->h * a->w * a->c * desk->engine->halves,
                           group);
        }
        compute_block(desk, group, i % cut->k_blocks, packed,
                      y + a->y_first + n * a->y_image);
    }
}

void conv_view_run(const struct conv_engine *engine, const struct conv_view *a,
                   const uint16_t *x, const uint16_t *packed, uint16_t *y,
                   void *scratch, int threads)
{
    const struct conv_cut cut = conv_view_cut(engine, a);
    const size_t work = a->n * a->groups * cut.high * cut.wide * cut.k_blocks;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        const size_t rank = (size_t)omp_get_thread_num();
        const size_t size = (size_t)omp_get_num_threads();
        char *place = (char *)scratch + rank * desk_bytes(&cut);
        struct conv_desk desk = {.engine = engine, .a = a, .cut = &cut};
        desk.x = (float *)place;
        desk.sums = (float *)(place += cut.x_bytes);
        desk.taps = (struct conv_tap *)(place += cut.sums_bytes);
        desk.runs = (struct conv_run *)(place += cut.taps_bytes);
        conv_view_runs(a, desk.runs);
        compute(&desk, rank * work / size, (rank + 1) * work / size, x, packed, y);
    }
}
