/* Direct convolution: a rectangle of outputs x a block of channels at a time.

       x, float16         rectangle's window, float32        sums in registers
       +------------+     [c / 64][row][col][64]             14 pixels x 32 channels
       |  +--+      | --> +-----+                    +------+
       |  |  |      |     |     | -- broadcast ----> | += * | --> y, rounded once
       |  +--+      |     +-----+                    +------+
       +------------+     weights of 32 channels, float16 ^
                          [c / 64][r][s][64][32] --- widen

   The window is widened once for all channels, the weights on their way to registers;
   both stay in the second-level cache. Taps that fall into the border are
   left out: a tile at the edge is summed over runs of taps that see the same pixels.
   Cost: 2 n p q k (c / groups) r s FLOP, less the border. */

#include "conv_direct.h"

#include <string.h>

#include "l2.h"
#include "sizes.h"
#include "threads.h"

#define ENOUGH_TILES ((size_t)16)
#define MOST_CHANNELS ((size_t)64) /* in a block: pixels then lie in different sets */

/* The outputs of a row that see the image under one tap. */
struct run {
    size_t first, last;
};

/* How a view is cut: computed once a call. */
struct cut {
    size_t c, k;                     /* channels of a group */
    size_t block, blocks;            /* input channels: in a block, how many blocks */
    size_t step_h, step_w;           /* between the rows and columns that are read */
    size_t rows, cols;               /* outputs in a rectangle */
    size_t high, wide;               /* rectangles */
    size_t window_rows, window_cols; /* of x under a rectangle, at most */
    size_t chunk, chunks;            /* blocks whose weights the cache holds at once */
    size_t lanes, width, k_blocks;   /* output channels: in a block, how many blocks */
    size_t most_pixels;              /* in a tile */
    size_t x_bytes, sums_bytes, taps_bytes, runs_bytes;
};

static size_t window(size_t outputs, size_t stride, size_t taps, size_t dilation,
                     size_t step)
{
    return ((outputs - 1) * stride + (taps ? taps - 1 : 0) * dilation) / step + 1;
}

static size_t window_bytes(const struct conv_view *a, struct cut *cut)
{
    cut->window_rows =
        window(cut->rows, a->stride_h, a->r, a->dilation_h, cut->step_h);
    cut->window_cols =
        window(cut->cols, a->stride_w, a->s, a->dilation_w, cut->step_w);
    cut->window_rows = least(cut->window_rows, a->h);
    cut->window_cols = least(cut->window_cols, a->w);
    return cut->blocks * cut->block * cut->window_rows * cut->window_cols *
           sizeof(float);
}

/* A window should leave room in the cache; a rectangle should hold a few tiles, for
   which its weights are fetched. */
static bool too_large(const struct conv_view *a, struct cut *cut)
{
    const size_t bytes = window_bytes(a, cut), l2 = l2_bytes();
    const size_t tiles = cut->rows * ceil_div(cut->cols, cut->most_pixels);
    return bytes > l2 / 8 * 3 || (bytes > l2 / 8 && tiles >= 2 * ENOUGH_TILES);
}

static struct cut plan(const struct conv_engine *engine, const struct conv_view *a)
{
    const size_t l2 = l2_bytes();
    struct cut cut = {.c = a->c / a->groups, .k = a->k / a->groups};
    const bool narrow = a->q <= engine->most_pixels[2];
    cut.lanes = engine->lanes;
    cut.width = (narrow ? 3 : 2) * engine->lanes;
    cut.k_blocks = ceil_div(cut.k, cut.width);
    cut.most_pixels = engine->most_pixels[narrow ? 2 : 1];
    cut.blocks = ceil_div(cut.c, MOST_CHANNELS);
    cut.block = ceil_div(cut.c, cut.blocks);
    cut.step_h = a->r == 1 ? a->stride_h : 1;
    cut.step_w = a->s == 1 ? a->stride_w : 1;
    cut.rows = a->p ? a->p : 1;
    cut.cols = a->q ? a->q : 1;
    while (too_large(a, &cut) && cut.rows > 1)
        cut.rows = ceil_div(cut.rows, 2);
    while (too_large(a, &cut) && cut.cols > cut.most_pixels)
        cut.cols =
            ceil_div(ceil_div(cut.cols, 2), cut.most_pixels) * cut.most_pixels;
    cut.high = ceil_div(a->p, cut.rows);
    cut.wide = ceil_div(a->q, cut.cols);
    const size_t taps = a->r * a->s;
    const size_t one = taps * cut.block * cut.width * engine->halves * sizeof(uint16_t);
    cut.chunk = one ? least(cut.blocks, l2 / 8 * 3 / one) : cut.blocks;
    cut.chunk = cut.chunk ? cut.chunk : 1;
    cut.chunk = ceil_div(cut.blocks, ceil_div(cut.blocks, cut.chunk));
    cut.chunks = ceil_div(cut.blocks, cut.chunk);
    cut.x_bytes = up_to_line(window_bytes(a, &cut));
    const size_t pixels = cut.chunks > 1 ? cut.rows * cut.cols : cut.most_pixels;
    cut.sums_bytes = pixels * cut.width * sizeof(float);
    cut.taps_bytes = up_to_line(cut.chunk * taps * sizeof(struct conv_tap));
    cut.runs_bytes = up_to_line(a->s * sizeof(struct run));
    return cut;
}

static size_t desk_bytes(const struct cut *cut)
{
    return cut->x_bytes + cut->sums_bytes + cut->taps_bytes + cut->runs_bytes;
}

size_t conv_view_scratch_bytes(const struct conv_engine *engine,
                               const struct conv_view *a, int threads)
{
    const struct cut cut = plan(engine, a);
    return (size_t)threads * desk_bytes(&cut);
}

/* Return the sums in output block `index`: the last may be narrower. */
static size_t width_of(const struct cut *cut, size_t index)
{
    return least(ceil_div(cut->k - index * cut->width, cut->lanes) * cut->lanes,
                 cut->width);
}

/* Return the items of the packed weights before block `index` of a group. */
static size_t packed_before(const struct conv_view *a, const struct cut *cut,
                            size_t index)
{
    const size_t row = a->r * a->s * cut->c;
    return index < cut->k_blocks
               ? index * cut->width * row
               : ((index - 1) * cut->width + width_of(cut, index - 1)) * row;
}

size_t conv_view_packed_items(const struct conv_engine *engine,
                              const struct conv_view *a)
{
    const struct cut cut = plan(engine, a);
    return a->groups * packed_before(a, &cut, cut.k_blocks) * engine->halves;
}

static void pack_step(const struct conv_view *a, const uint16_t *from, size_t channels,
                      size_t width, size_t halves, uint16_t *to)
{
    for (size_t k = 0; k < channels; k++)
        for (size_t i = 0; i < halves; i++)
            to[k * halves + i] = from[(ptrdiff_t)k * a->w_k + (ptrdiff_t)i * a->w_c];
    memset(to + channels * halves, 0, (width - channels) * halves * sizeof *to);
}

/* Packed: [group][k / width][c / block][r][s][block][width][halves], zeros beyond
   k. */
void conv_view_pack(const struct conv_engine *engine, const struct conv_view *a,
                    const uint16_t *weights, uint16_t *to)
{
    const struct cut cut = plan(engine, a);
    const size_t halves = engine->halves;
    for (size_t g = 0; g < a->groups; g++)
        for (size_t kb = 0; kb < cut.k_blocks; kb++) {
            const size_t width = width_of(&cut, kb);
            const size_t channels = least(width, cut.k - kb * cut.width);
            for (size_t first = 0; first < cut.c; first += cut.block)
                for (size_t tap = 0; tap < a->r * a->s; tap++) {
                    const size_t last = least(first + cut.block, cut.c);
                    const uint16_t *from =
                        weights + a->w_first + (ptrdiff_t)g * a->w_group +
                        (ptrdiff_t)(kb * cut.width) * a->w_k +
                        (ptrdiff_t)(tap / a->s) * a->w_r +
                        (ptrdiff_t)(tap % a->s) * a->w_s;
                    for (size_t c = first; c < last; c++, to += width * halves)
                        pack_step(a, from + (ptrdiff_t)(c * halves) * a->w_c, channels,
                                  width, halves, to);
                }
        }
}

/* One thread's place and the rectangle that lies in it. */
struct desk {
    const struct conv_engine *engine;
    const struct conv_view *a;
    const struct cut *cut;
    float *x, *sums;
    const uint16_t *panel; /* the packed weights of a chunk */
    struct conv_tap *taps;
    struct run *runs;
    size_t tap_count, listed_s, listed_s_end; /* of the row, in `taps` */
    size_t width;                             /* of the output block */
    size_t p, q, p_end, q_end; /* outputs */
    size_t h, w, rows, cols;   /* the first of x in the window, and how many lie there */
};

/* Find the inputs that outputs `first` .. `last` - 1 need. */
static void reach(size_t first, size_t last, size_t stride, size_t taps,
                  size_t dilation, ptrdiff_t pad, size_t extent, size_t step,
                  size_t *begin, size_t *count)
{
    ptrdiff_t low = (ptrdiff_t)(first * stride) - pad;
    const ptrdiff_t high = (ptrdiff_t)((last - 1) * stride + (taps - 1) * dilation) - pad;
    while (low < 0)
        low += (ptrdiff_t)step;
    const ptrdiff_t end = high < (ptrdiff_t)extent ? high + 1 : (ptrdiff_t)extent;
    *begin = (size_t)low;
    *count = end > low ? ceil_div((size_t)(end - low), step) : 0;
}

/* Widen the window of the rectangle: [block][row][col][channel]. */
static void load_window(struct desk *desk, const uint16_t *image, size_t group)
{
    const struct conv_view *a = desk->a;
    const struct cut *cut = desk->cut;
    if (a->r * a->s == 0)
        return;
    reach(desk->p, desk->p_end, a->stride_h, a->r, a->dilation_h, a->pad_h, a->h,
          cut->step_h, &desk->h, &desk->rows);
    reach(desk->q, desk->q_end, a->stride_w, a->s, a->dilation_w, a->pad_w, a->w,
          cut->step_w, &desk->w, &desk->cols);
    const size_t plane = desk->rows * desk->cols * cut->block;
    const size_t halves = desk->engine->halves;
    const bool whole = cut->c == a->c && cut->blocks == 1 && cut->step_w == 1;
    for (size_t row = 0; row < desk->rows; row++) {
        const uint16_t *from =
            image + (((desk->h + row * cut->step_h) * a->w + desk->w) * a->c +
                     group * cut->c) *
                        halves;
        float *to = desk->x + row * desk->cols * cut->block;
        if (whole)
            desk->engine->widen(from, to, desk->cols * cut->c);
        for (size_t col = 0; col < desk->cols && !whole; col++) {
            for (size_t b = 0; b < cut->blocks; b++)
                desk->engine->widen(from + b * cut->block * halves, to + b * plane,
                                    least(cut->block, cut->c - b * cut->block));
            from += cut->step_w * a->c * halves;
            to += cut->block;
        }
    }
}

/* Find for every tap the outputs that see the image under it. */
static void find_runs(const struct conv_view *a, struct run *runs)
{
    for (size_t s = 0; s < a->s; s++) {
        const ptrdiff_t shift = a->pad_w - (ptrdiff_t)(s * a->dilation_w);
        const ptrdiff_t end = (ptrdiff_t)a->w + shift;
        runs[s].first = shift > 0 ? ceil_div((size_t)shift, a->stride_w) : 0;
        runs[s].last = end > 0 ? ceil_div((size_t)end, a->stride_w) : 0;
    }
}

/* List the taps of columns `s` .. `s_end` - 1 of row `p`, as the rectangle's first
   output sees them: where it is left of the image, the place wraps around. */
static void list_taps(struct desk *desk, size_t chunk, size_t p, size_t s, size_t s_end)
{
    const struct conv_view *a = desk->a;
    const struct cut *cut = desk->cut;
    const bool merged = cut->blocks == 1 && a->dilation_w == 1 && cut->step_w == 1;
    const size_t first = chunk * cut->chunk;
    const size_t end = least(first + cut->chunk, cut->blocks);
    struct conv_tap *tap = desk->taps;
    for (size_t b = first; b < end; b++) {
        const size_t channels = least(cut->block, cut->c - b * cut->block);
        for (size_t r = 0; r < a->r; r++) {
            const ptrdiff_t h =
                (ptrdiff_t)(p * a->stride_h + r * a->dilation_h) - a->pad_h;
            if (h < 0 || h >= (ptrdiff_t)a->h)
                continue;
            const size_t row = ((size_t)h - desk->h) / cut->step_h;
            for (size_t t = s; t < s_end; t += merged ? s_end - s : 1) {
                const ptrdiff_t col = (ptrdiff_t)(desk->q * a->stride_w +
                                                  t * a->dilation_w - desk->w) -
                                      a->pad_w;
                *tap++ = (struct conv_tap){
                    ((b * desk->rows + row) * desk->cols +
                     (size_t)(col / (ptrdiff_t)cut->step_w)) *
                        cut->block,
                    ((b - first) * cut->block * a->r * a->s + (r * a->s + t) * channels) *
                        desk->width,
                    channels * (merged ? s_end - s : 1)};
            }
        }
    }
    desk->tap_count = (size_t)(tap - desk->taps);
    desk->listed_s = s;
    desk->listed_s_end = s_end;
}

/* Sum and store `pixels` outputs from (p, q), a chunk of the channels. */
static void compute_tile(struct desk *desk, size_t chunk, size_t p, size_t q,
                         size_t pixels, uint16_t *y, size_t channels)
{
    const struct conv_view *a = desk->a;
    const struct cut *cut = desk->cut;
    const size_t width = desk->width, place = (p - desk->p) * cut->cols + q - desk->q;
    const conv_tile_function *tiles = desk->engine->tiles[width / cut->lanes - 1];
    float *sums = desk->sums + (cut->chunks > 1 ? place * width : 0);
    struct conv_tile tile = {.x = desk->x,
                             .panel = desk->panel,
                             .pixel = a->stride_w / cut->step_w * cut->block,
                             .taps = desk->taps,
                             .y_pixel = a->y_pixel,
                             .channels = channels};
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
            list_taps(desk, chunk, p, s, next);
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

/* Compute block `kb` of the channels of `group` in the rectangle. */
static void compute_block(struct desk *desk, size_t group, size_t kb,
                          const uint16_t *packed, uint16_t *y)
{
    const struct conv_view *a = desk->a;
    const struct cut *cut = desk->cut;
    const size_t first = kb * cut->width, cols = desk->q_end - desk->q;
    const size_t pieces = ceil_div(cols, cut->most_pixels);
    desk->width = width_of(cut, kb);
    const size_t channels = least(desk->width, cut->k - first);
    packed += (group * packed_before(a, cut, cut->k_blocks) +
               packed_before(a, cut, kb)) *
              desk->engine->halves;
    y += group * cut->k + first;
    for (size_t chunk = 0; chunk < cut->chunks; chunk++) {
        const size_t c = chunk * cut->chunk * cut->block;
        desk->panel = packed + c * a->r * a->s * desk->width * desk->engine->halves;
        for (size_t p = desk->p; p < desk->p_end; p++) {
            desk->listed_s_end = 0;
            for (size_t i = 0; i < pieces; i++) {
                const size_t q = desk->q + i * cols / pieces;
                const size_t q_end = desk->q + (i + 1) * cols / pieces;
                compute_tile(desk, chunk, p, q, q_end - q,
                             y + p * a->y_row + q * a->y_pixel, channels);
            }
        }
    }
}

/* Work is numbered [image][group][rectangle][output block]; take `first` .. `last` - 1. */
static void compute(struct desk *desk, size_t first, size_t last, const uint16_t *x,
                    const uint16_t *packed, uint16_t *y)
{
    const struct conv_view *a = desk->a;
    const struct cut *cut = desk->cut;
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
            load_window(desk, x + n * a->h * a->w * a->c * desk->engine->halves, group);
        }
        compute_block(desk, group, i % cut->k_blocks, packed,
                      y + a->y_first + n * a->y_image);
    }
}

void conv_view_run(const struct conv_engine *engine, const struct conv_view *a,
                   const uint16_t *x, const uint16_t *packed, uint16_t *y,
                   void *scratch, int threads)
{
    const struct cut cut = plan(engine, a);
    const size_t work = a->n * a->groups * cut.high * cut.wide * cut.k_blocks;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        const size_t rank = (size_t)omp_get_thread_num();
        const size_t size = (size_t)omp_get_num_threads();
        char *place = (char *)scratch + rank * desk_bytes(&cut);
        struct desk desk = {.engine = engine, .a = a, .cut = &cut};
        desk.x = (float *)place;
        desk.sums = (float *)(place += cut.x_bytes);
        desk.taps = (struct conv_tap *)(place += cut.sums_bytes);
        desk.runs = (struct run *)(place += cut.taps_bytes);
        find_runs(a, desk.runs);
        compute(&desk, rank * work / size, (rank + 1) * work / size, x, packed, y);
    }
}
