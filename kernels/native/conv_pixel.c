/* Few channels: a vector holds neighbouring outputs, all filters of one pixel side by
   side, as they are stored. With three filters and vectors of eight, the lanes of the first
   three vectors of a row are

       pixel    0 0 0 1 1 1 2 2    2 3 3 3 4 4 4 5    5 5 6 6 6 7 7 7
       filter   0 1 2 0 1 2 0 1    2 0 1 2 0 1 2 0    1 2 0 1 2 0 1 2

   and so on with the same patterns, pixels counted from the first of a vector.

   The image is widened once, zeros around it: split into planes, one for each channel and
   phase of the stride, in which neighbouring outputs read neighbouring floats; or as it
   is stored, where filters fill whole vectors, so that all lanes read one float. A row of
   x serves the rows of y of all taps below each other:

       x[row h] --spread--> y[row h] tap 0, y[row h - 1] tap 1, ...

   Cost: n p (q k / LANES) c r s madd, and a spread for r of them where rows are many. */

#include "conv_pixel.h"

#include <string.h>

#include "sizes.h"
#include "threads.h"

struct layout {
    size_t p, q;         /* outputs */
    size_t high, wide;   /* pixels that they read, border included */
    int split;           /* into planes */
    size_t line, plane;  /* floats of a row, of a plane */
    size_t phases;       /* planes of a channel */
    size_t planes;
    size_t pixel, pitch; /* floats from one output's to the next, to the one below */
    size_t taps, tiles;  /* tiles of rows of outputs */
    size_t row, vectors, patterns; /* outputs of a row; vectors of it; unlike vectors */
};

static size_t patterns(size_t filters, size_t lanes)
{
    size_t count = 1;
    while (count * lanes % filters)
        count++;
    return count;
}

static struct layout lay_out(const struct pixel_engine *engine,
                             const struct conv_shape *a)
{
    struct layout it = {.p = conv_out_h(a), .q = conv_out_w(a)};
    it.high = (it.p - 1) * a->stride_h + (a->r - 1) * a->dilation_h + 1;
    it.wide = (it.q - 1) * a->stride_w + (a->s - 1) * a->dilation_w + 1;
    it.split = a->k % engine->lanes != 0 && (a->c > 1 || a->stride_w > 1);
    it.line = it.split ? ceil_div(it.wide, a->stride_w) : it.wide * a->c;
    it.plane = it.high * it.line;
    it.phases = least(a->stride_w, it.wide);
    it.planes = it.split ? a->c * it.phases : 1;
    it.pixel = it.split ? 1 : a->stride_w * a->c;
    it.pitch = a->stride_h * it.line;
    it.taps = a->c * a->r * a->s;
    it.tiles = ceil_div(it.p, engine->rows);
    it.row = it.q * a->k;
    it.vectors = ceil_div(it.row, engine->lanes);
    it.patterns = patterns(a->k, engine->lanes);
    return it;
}

int conv_pixel_fits(const struct conv_shape *a)
{
    return a->groups == 1 && least(a->c, a->k) < PIXEL_FEW;
}

size_t conv_pixel_packed_bytes(const struct pixel_engine *engine,
                               const struct conv_shape *a)
{
    return lay_out(engine, a).patterns * conv_w_items(a) / a->k * engine->lanes *
           sizeof(float);
}

/* Row i of the taps: those of one phase of the stride behind each other. */
static size_t tap_row(const struct conv_shape *a, size_t i)
{
    size_t phase = 0, r = 0;
    for (;;) {
        if (r * a->dilation_h % a->stride_h == phase && i-- == 0)
            return r;
        r = (r + 1) % a->r;
        phase += r == 0;
    }
}

/* Packed: [pattern][c][s][tap row][lane], float32. */
void conv_pixel_pack(const struct pixel_engine *engine, const struct conv_shape *a,
                     const uint16_t *weights, void *packed)
{
    const struct layout it = lay_out(engine, a);
    float *to = packed;
    for (size_t first = 0; first < it.patterns * engine->lanes; first += engine->lanes)
        for (size_t c = 0; c < a->c; c++)
            for (size_t s = 0; s < a->s; s++)
                for (size_t i = 0; i < a->r; i++) {
                    const size_t r = tap_row(a, i);
                    for (size_t lane = 0; lane < engine->lanes; lane++) {
                        const size_t k = (first + lane) % a->k;
                        const size_t tap = (k * a->r + r) * a->s + s;
                        *to++ = engine->widen_one(weights[tap * a->c + c]);
                    }
                }
}

/* The parts of a thread's scratch, in bytes; a vector may overrun the planes. */
struct part {
    size_t widened, groups, lanes, planes;
};

static struct part parts(const struct pixel_engine *engine, const struct conv_shape *a,
                         const struct layout *it)
{
    return (struct part){
        .widened = up_to_line(a->w * a->c * sizeof(float)),
        .groups = up_to_line(it->taps * sizeof(struct pixel_group)),
        .lanes = up_to_line(it->patterns * engine->lanes * sizeof(int32_t)),
        .planes = up_to_line((it->planes * it->plane + engine->lanes) * sizeof(float)),
    };
}

static size_t desk_bytes(const struct part *part)
{
    return part->widened + part->groups + part->lanes + part->planes;
}

size_t conv_pixel_scratch_bytes(const struct pixel_engine *engine,
                                const struct conv_shape *a, int threads)
{
    const struct layout it = lay_out(engine, a);
    const struct part part = parts(engine, a, &it);
    return (size_t)threads * desk_bytes(&part);
}

/* Return where (h, w) of channel c lies, h and w counted with the border. */
static size_t place(const struct conv_shape *a, const struct layout *it, size_t c,
                    size_t h, size_t w)
{
    if (!it->split)
        return h * it->line + w * a->c + c;
    return (c * it->phases + w % a->stride_w) * it->plane + h * it->line +
           w / a->stride_w;
}

/* Split a widened row of `cols` pixels, the first of them at (h, pad_w). */
static void split_row(const struct conv_shape *a, const struct layout *it, size_t h,
                      const float *row, size_t cols, float *planes)
{
    for (size_t c = 0; c < a->c; c++)
        for (size_t first = 0; first < least(a->stride_w, cols); first++) {
            float *to = planes + place(a, it, c, h, first + a->pad_w);
            for (size_t w = first; w < cols; w += a->stride_w)
                *to++ = row[w * a->c + c];
        }
}

static void fill_planes(const struct pixel_engine *engine, const struct conv_shape *a,
                        const struct layout *it, const uint16_t *image, float *row,
                        float *planes)
{
    const size_t cols = it->wide > a->pad_w ? least(a->w, it->wide - a->pad_w) : 0;
    const size_t rows = it->high > a->pad_h ? least(a->h, it->high - a->pad_h) : 0;
    float *inner = planes + a->pad_h * it->line + a->pad_w * a->c;
    for (size_t h = 0; h < rows; h++, image += a->w * a->c, inner += it->line) {
        engine->widen(image, it->split ? row : inner, cols * a->c);
        if (it->split)
            split_row(a, it, h + a->pad_h, row, cols, planes);
    }
}

/* Return how many groups all taps are in. */
static size_t find_groups(const struct conv_shape *a, const struct layout *it,
                          struct pixel_group *groups)
{
    size_t count = 0;
    for (size_t c = 0; c < a->c; c++)
        for (size_t s = 0; s < a->s; s++)
            for (size_t i = 0; i < a->r; i++) {
                const size_t h = tap_row(a, i) * a->dilation_h;
                const size_t at = place(a, it, c, h, s * a->dilation_w);
                struct pixel_group *last = i > 0 ? groups + count - 1 : NULL;
                if (last && last->taps < PIXEL_MOST_TAPS &&
                    at == last->at + last->taps * it->pitch)
                    last->taps++;
                else
                    groups[count++] = (struct pixel_group){at, 1};
            }
    return count;
}

/* Which pixel each lane of each pattern reads, from the first of its vector on. */
static void find_lanes(size_t filters, size_t lanes, size_t patterns, int32_t *to)
{
    for (size_t i = 0; i < patterns * lanes; i++)
        to[i] = (int32_t)(i / filters - i / lanes * lanes / filters);
}

/* What a thread has at hand. */
struct desk {
    float *widened, *planes;
    struct pixel_group *groups;
    size_t count;
    int32_t *lanes;
};

static struct desk set_up(const struct pixel_engine *engine, const struct conv_shape *a,
                          const struct layout *it, char *place)
{
    const struct part part = parts(engine, a, it);
    struct desk desk = {.widened = (float *)place};
    desk.groups = (struct pixel_group *)(place += part.widened);
    desk.lanes = (int32_t *)(place += part.groups);
    desk.planes = (float *)(place + part.lanes);
    memset(desk.planes, 0, part.planes); /* the border of every image */
    desk.count = find_groups(a, it, desk.groups);
    find_lanes(a->k, engine->lanes, it->patterns, desk.lanes);
    return desk;
}

/* Compute a tile of rows of the image in the planes. */
static void compute_tile(const struct pixel_engine *engine, const struct conv_shape *a,
                         const struct layout *it, const struct desk *desk, size_t tile,
                         const float *w, uint16_t *y)
{
    const size_t lanes = engine->lanes;
    const pixel_tile *tiles = engine->tiles[a->k % lanes == 0];
    const size_t p = tile * it->p / it->tiles, end = (tile + 1) * it->p / it->tiles;
    for (size_t v = 0; v < it->vectors; v++) {
        const size_t first = v * lanes, pattern = v % it->patterns;
        const float *x = desk->planes + p * it->pitch + first / a->k * it->pixel;
        tiles[end - p - 1](x, it->pitch, desk->groups, desk->count,
                           w + pattern * it->taps * lanes, desk->lanes + pattern * lanes,
                           y + p * it->row + first, it->row,
                           least(it->row - first, lanes));
    }
}

void conv_pixel_run(const struct pixel_engine *engine, const struct conv_shape *a,
                    const uint16_t *x, const void *packed, uint16_t *y, void *scratch,
                    int threads)
{
    const struct layout it = lay_out(engine, a);
    const struct part part = parts(engine, a, &it);
    const size_t work = a->n * it.tiles;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        const size_t rank = (size_t)omp_get_thread_num();
        const size_t size = (size_t)omp_get_num_threads();
        const size_t first = rank * work / size, last = (rank + 1) * work / size;
        const struct desk desk =
            set_up(engine, a, &it, (char *)scratch + rank * desk_bytes(&part));
        for (size_t i = first; i < last; i++) {
            const size_t n = i / it.tiles;
            if (i == first || i % it.tiles == 0)
                fill_planes(engine, a, &it, x + n * a->h * a->w * a->c, desk.widened,
                            desk.planes);
            compute_tile(engine, a, &it, &desk, i % it.tiles, packed,
                         y + n * it.p * it.row);
        }
    }
}
