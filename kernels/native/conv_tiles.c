#include "conv_tiles.h"

#include <string.h>

#include "sizes.h"

#define BLOCK_BYTES ((size_t)1 << 20) /* of a copy: half of a large level-2 cache */
#define SHARES ((size_t)4)            /* units of work that a thread should have */
#define FEW ((size_t)8)

static size_t even(size_t a)
{
    return a + a % 2;
}

/* Cut the sum of an output into chunks of at most 32 terms. */
static void cut_terms(const struct conv_shape *a, struct conv_tiles *cut)
{
    const size_t c = a->c / a->groups, parts = ceil_div(c, TILE_TERMS);
    cut->merged = c < TILE_TERMS && a->dilation_w == 1 && a->groups == 1;
    cut->terms = even(ceil_div(c, parts));
    cut->c = parts * cut->terms;
    cut->chunks = parts;
    cut->taps = a->r * (cut->merged ? 1 : a->s);
    if (!cut->merged)
        return;
    const size_t run = a->s * cut->c;
    for (cut->terms = TILE_TERMS; run % cut->terms; cut->terms -= 2)
        ;
    cut->chunks = run / cut->terms;
}

/* Cut the rows of outputs into blocks that stay in cache and feed the threads. */
static void cut_rows(const struct conv_shape *a, struct conv_tiles *cut, int threads)
{
    const size_t halo = (a->r - 1) * a->dilation_h / a->stride_h;
    const size_t row_bytes = conv_tiles_row_items(a, cut) * sizeof(uint16_t);
    const size_t phases = cut->phases_h * cut->phases_w;
    const size_t fitting = BLOCK_BYTES / (row_bytes * phases);
    const size_t rows = fitting > halo ? fitting - halo : 1;
    const size_t each = a->n * a->groups * cut->k_blocks;
    const size_t wanted = threads > 1 ? ceil_div(SHARES * (size_t)threads, each) : 1;
    const size_t blocks = least(cut->p, most(ceil_div(cut->p, rows), wanted));
    cut->rows = ceil_div(cut->p, blocks);
    cut->blocks = ceil_div(cut->p, cut->rows);
    cut->image_rows = cut->rows + halo;
    cut->copy_bytes = cut->copied ? up_to_line(phases * cut->image_rows * row_bytes) : 0;
}

struct conv_tiles conv_tiles_cut(const struct conv_shape *a, int threads)
{
    struct conv_tiles cut = {.p = conv_out_h(a), .q = conv_out_w(a), .step = 1};
    cut_terms(a, &cut);
    cut.k = a->k / a->groups;
    cut.k_blocks = ceil_div(cut.k, 2 * TILE_SIDE);
    cut.stride_w = cut.merged ? 1 : a->stride_w;
    cut.phases_h = least(a->stride_h, (a->r - 1) * a->dilation_h + 1);
    cut.phases_w = least(cut.stride_w, (a->s - 1) * a->dilation_w + 1);
    cut.copied = a->pad_h || a->pad_w || cut.c * a->groups != a->c || a->stride_h > 1 ||
                 a->stride_w > 1;
    if (cut.merged)
        cut.step = a->stride_w;
    cut.pitch = !cut.copied ? a->w
                : cut.merged
                    ? ceil_div((cut.q - 1) * a->stride_w + a->s, a->stride_w)
                    : cut.q + (a->s - 1) * a->dilation_w / a->stride_w;
    cut.offset_bytes = up_to_line(cut.taps * sizeof(size_t));
    cut_rows(a, &cut, threads);
    return cut;
}

/* Few channels in many groups would fill the tiles with zeros. */
int conv_tiles_fits(const struct conv_shape *a)
{
    return a->groups == 1 || a->c / a->groups >= TILE_SIDE;
}

size_t conv_tiles_block_items(const struct conv_tiles *cut)
{
    return cut->taps * cut->chunks * cut->terms * 2 * TILE_SIDE;
}

size_t conv_tiles_row_items(const struct conv_shape *a, const struct conv_tiles *cut)
{
    return cut->pitch * cut->step * cut->c * a->groups;
}

size_t conv_tiles_packed_bytes(const struct conv_shape *a)
{
    const struct conv_tiles cut = conv_tiles_cut(a, 1);
    return a->groups * cut.k_blocks * conv_tiles_block_items(&cut) * sizeof(uint16_t);
}

size_t conv_tiles_scratch_bytes(const struct conv_shape *a, int threads)
{
    const struct conv_tiles cut = conv_tiles_cut(a, threads);
    return cut.offset_bytes + (size_t)threads * cut.copy_bytes;
}

void conv_tiles_pack(const struct conv_shape *a, const uint16_t *weights, void *packed)
{
    const struct conv_tiles cut = conv_tiles_cut(a, 1);
    const size_t channels = a->c / a->groups, block = conv_tiles_block_items(&cut);
    uint16_t *to = packed;
    memset(packed, 0, conv_tiles_packed_bytes(a));
    for (size_t filter = 0; filter < a->k; filter++)
        for (size_t tap = 0; tap < a->r * a->s; tap++)
            for (size_t c = 0; c < channels; c++) {
                const size_t k = filter % cut.k;
                const size_t term = cut.merged ? tap % a->s * cut.c + c : c;
                const size_t chunk =
                    (cut.merged ? tap / a->s : tap) * cut.chunks + term / cut.terms;
                const size_t t = term % cut.terms;
                to[(filter / cut.k * cut.k_blocks + k / 32) * block +
                   chunk * cut.terms * 32 + k / 16 % 2 * cut.terms * 16 + t / 2 * 32 +
                   k % 16 * 2 + t % 2] = *weights++;
            }
}

void conv_tiles_offsets(const struct conv_shape *a, const struct conv_tiles *cut,
                        size_t *offsets)
{
    const size_t columns = cut->merged ? 1 : a->s, pixel = cut->c * a->groups;
    const size_t row = conv_tiles_row_items(a, cut);
    for (size_t r = 0; r < a->r; r++)
        for (size_t s = 0; s < columns; s++) {
            const size_t h = r * a->dilation_h, w = s * a->dilation_w;
            const size_t phase = h % a->stride_h * cut->phases_w + w % cut->stride_w;
            *offsets++ = (phase * cut->image_rows + h / a->stride_h) * row +
                         w / cut->stride_w * pixel;
        }
}

/* Copy `count` pixels, `stride` apart, and put zeros behind the channels of a group. */
static void copy_pixels(const struct conv_shape *a, const struct conv_tiles *cut,
                        const uint16_t *from, size_t stride, size_t count, uint16_t *to)
{
    const size_t c = a->c / a->groups;
    if (c == cut->c && stride == 1) {
        memcpy(to, from, count * a->c * sizeof *to);
        return;
    }
    for (size_t i = 0; i < count; i++, from += (stride - 1) * a->c)
        for (size_t group = 0; group < a->groups; group++, to += cut->c, from += c) {
            if (c < FEW)
                for (size_t j = 0; j < c; j++)
                    to[j] = from[j];
            else
                memcpy(to, from, c * sizeof *to);
            if (c < cut->c)
                memset(to + c, 0, (cut->c - c) * sizeof *to);
        }
}

/* Copy the columns of one remainder of a row of x, zeros where there are none. */
static void copy_row(const struct conv_shape *a, const struct conv_tiles *cut,
                     const uint16_t *row, size_t remainder, uint16_t *to)
{
    const size_t stride = cut->stride_w, width = cut->pitch * cut->step;
    const size_t pixel = cut->c * a->groups, end = a->pad_w + a->w;
    const size_t pad = a->pad_w > remainder ? a->pad_w - remainder : 0;
    const size_t first = least(width, ceil_div(pad, stride));
    const size_t stop = end > remainder ? ceil_div(end - remainder, stride) : 0;
    const size_t last = most(first, least(width, stop));
    memset(to, 0, first * pixel * sizeof *to);
    if (last > first)
        copy_pixels(a, cut, row + (first * stride + remainder - a->pad_w) * a->c,
                    stride, last - first, to + first * pixel);
    memset(to + last * pixel, 0, (width - last) * pixel * sizeof *to);
}

void conv_tiles_copy(const struct conv_shape *a, const struct conv_tiles *cut,
                     const uint16_t *image, size_t first_row, uint16_t *copy)
{
    const size_t items = conv_tiles_row_items(a, cut);
    for (size_t phase_h = 0; phase_h < cut->phases_h; phase_h++)
        for (size_t phase_w = 0; phase_w < cut->phases_w; phase_w++)
            for (size_t i = 0; i < cut->image_rows; i++, copy += items) {
                const size_t h = (first_row + i) * a->stride_h + phase_h - a->pad_h;
                if (h < a->h) /* else above, wrapped around, or below */
                    copy_row(a, cut, image + h * a->w * a->c, phase_w, copy);
                else
                    memset(copy, 0, items * sizeof *copy);
            }
}
