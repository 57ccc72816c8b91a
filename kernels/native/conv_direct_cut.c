#include "conv_direct_cut.h"

#include "l2.h"
#include "sizes.h"

#define ENOUGH_TILES ((size_t)16)
#define MOST_CHANNELS ((size_t)64) /* in a block: pixels then lie in different sets */

static size_t window(size_t outputs, size_t stride, size_t taps, size_t dilation,
                     size_t step)
{
    return ((outputs - 1) * stride + (taps ? taps - 1 : 0) * dilation) / step + 1;
}

/* Set the window of x under a rectangle, and return its bytes. */
static size_t window_bytes(const struct conv_view *a, struct conv_cut *cut)
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
static bool too_large(const struct conv_view *a, struct conv_cut *cut)
{
    const size_t bytes = window_bytes(a, cut), l2 = l2_bytes();
    const size_t tiles = cut->rows * ceil_div(cut->cols, cut->most_pixels);
    return bytes > l2 / 8 * 3 || (bytes > l2 / 8 && tiles >= 2 * ENOUGH_TILES);
}

static void cut_channels(const struct conv_engine *engine, const struct conv_view *a,
                         struct conv_cut *cut)
{
    const bool narrow = a->q <= engine->most_pixels[2];
    cut->c = a->c / a->groups;
    cut->k = a->k / a->groups;
    cut->lanes = engine->lanes;
    cut->width = (narrow ? 3 : 2) * engine->lanes;
    cut->k_blocks = ceil_div(cut->k, cut->width);
    cut->most_pixels = engine->most_pixels[narrow ? 2 : 1];
    cut->blocks = ceil_div(cut->c, MOST_CHANNELS);
    cut->block = ceil_div(cut->c, cut->blocks);
}

static void cut_rectangles(const struct conv_view *a, struct conv_cut *cut)
{
    cut->step_h = a->r == 1 ? a->stride_h : 1;
    cut->step_w = a->s == 1 ? a->stride_w : 1;
    cut->rows = a->p ? a->p : 1;
    cut->cols = a->q ? a->q : 1;
    while (too_large(a, cut) && cut->rows > 1)
        cut->rows = ceil_div(cut->rows, 2);
    while (too_large(a, cut) && cut->cols > cut->most_pixels)
        cut->cols = round_up(ceil_div(cut->cols, 2), cut->most_pixels);
    cut->high = ceil_div(a->p, cut->rows);
    cut->wide = ceil_div(a->q, cut->cols);
}

static void cut_chunks(const struct conv_engine *engine, const struct conv_view *a,
                       struct conv_cut *cut)
{
    const size_t items = a->r * a->s * cut->block * cut->width * engine->halves;
    const size_t bytes = items * sizeof(uint16_t); /* of one block */
    const size_t fitting = bytes ? l2_bytes() / 8 * 3 / bytes : cut->blocks;
    const size_t chunk = most(least(cut->blocks, fitting), 1);
    cut->chunk = ceil_div(cut->blocks, ceil_div(cut->blocks, chunk));
    cut->chunks = ceil_div(cut->blocks, cut->chunk);
}

struct conv_cut conv_view_cut(const struct conv_engine *engine,
                              const struct conv_view *a)
{
    struct conv_cut cut = {0};
    cut_channels(engine, a, &cut);
    cut_rectangles(a, &cut);
    cut_chunks(engine, a, &cut);
    const size_t pixels = cut.chunks > 1 ? cut.rows * cut.cols : cut.most_pixels;
    const size_t taps = cut.chunk * a->r * a->s;
    cut.x_bytes = up_to_line(window_bytes(a, &cut));
    cut.sums_bytes = pixels * cut.width * sizeof(float);
    cut.taps_bytes = up_to_line(taps * sizeof(struct conv_tap));
    cut.runs_bytes = up_to_line(a->s * sizeof(struct conv_run));
    return cut;
}

size_t conv_cut_width(const struct conv_cut *cut, size_t index)
{
    return least(round_up(cut->k - index * cut->width, cut->lanes), cut->width);
}

size_t conv_cut_packed_before(const struct conv_view *a, const struct conv_cut *cut,
                              size_t index)
{
    const size_t row = a->r * a->s * cut->c;
    return index < cut->k_blocks
               ? index * cut->width * row
               : ((index - 1) * cut->width + conv_cut_width(cut, index - 1)) * row;
}
