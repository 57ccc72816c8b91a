/* Tiles, blocks and sizes; the arithmetic is in winograd_body.h. */

#include "winograd.h"

#include <string.h>

#include "l2.h"

#define LINE_FLOATS 16
#define FEWEST_POINTS 4
#define FEWEST_TILES ((size_t)84)
#define TEAM_TILES ((size_t)42) /* with fewer for each, all threads share a block */

int winograd_fits(const struct conv_shape *shape, size_t m)
{
    const size_t r = shape->r;
    return (r == 3 || r == 5) && shape->s == r && m + r - 1 <= WINOGRAD_MOST &&
           shape->stride_h == 1 && shape->stride_w == 1 && shape->dilation_h == 1 &&
           shape->dilation_w == 1 && shape->pad_h < r && shape->pad_w < r &&
           shape->h + 2 * shape->pad_h >= r && shape->w + 2 * shape->pad_w >= r;
}

/* The last tile has FEWEST_POINTS at least, even if an output of it is none. */
static struct winograd_axis split_axis(size_t outputs, size_t m, size_t r)
{
    const size_t left = outputs % m;
    const size_t rest = left + r - 1 < FEWEST_POINTS ? FEWEST_POINTS + 1 - r : left;
    return (struct winograd_axis){outputs, outputs / m, left ? rest : 0};
}

/* V and M of a block stay in half of L2. With fewer tiles the transform of filters, done
   again for every block, would be dearer than V from the cache behind. */
static size_t block_tiles(const struct winograd_plan *plan, size_t panel)
{
    const size_t points = plan->points * plan->points;
    const size_t tiles = l2_bytes() / 2 / (points * (plan->c + panel) * sizeof(float));
    return most(tiles, FEWEST_TILES);
}

/* A block for each thread, or one at a time for all: where blocks are too few, or so small
   that each would transform the filters for a handful of tiles. */
static void cut_blocks(struct winograd_plan *plan, size_t panel, int threads)
{
    const size_t want = block_tiles(plan, panel);
    size_t blocks = (plan->tiles + want / 2) / want;
    if (plan->tiles >= (size_t)threads * TEAM_TILES)
        blocks = most(blocks, (size_t)threads);
    plan->teams = blocks >= (size_t)threads ? threads : 1;
    plan->block = ceil_div(plan->tiles, most(round_up(blocks, (size_t)plan->teams), 1));
}

static void count_kinds(struct winograd_plan *plan, size_t images)
{
    const size_t rest_row = plan->rows.rest > 0, rest_column = plan->columns.rest > 0;
    const size_t tiles[WINOGRAD_KINDS] = {
        [WINOGRAD_REST_FULL] = rest_row * plan->columns.full,
        [WINOGRAD_FULL] = plan->rows.full * plan->columns.full,
        [WINOGRAD_FULL_REST] = plan->rows.full * rest_column,
        [WINOGRAD_REST] = rest_row * rest_column,
    };
    plan->tiles = 0;
    for (int kind = 0; kind < WINOGRAD_KINDS; kind++)
        plan->kind_end[kind] = plan->tiles += images * tiles[kind];
}

struct winograd_plan winograd_plan(const struct conv_shape *shape, size_t m,
                                   size_t lanes, size_t panel, int threads)
{
    struct winograd_plan plan = {
        .m = m,
        .r = shape->r,
        .points = m + shape->r - 1,
        .rows = split_axis(conv_out_h(shape), m, shape->r),
        .columns = split_axis(conv_out_w(shape), m, shape->r),
        .inputs = shape->c / shape->groups,
        .outputs = shape->k / shape->groups,
    };
    plan.c = round_up(plan.inputs, lanes);
    plan.k = round_up(plan.outputs, panel);
    count_kinds(&plan, shape->n);
    cut_blocks(&plan, panel, threads);
    /* One line more: points a power of two apart would share the sets of a cache. */
    plan.v_step = plan.block * plan.c + LINE_FLOATS;
    plan.u_step = least(plan.c, WINOGRAD_CHUNK) * panel + LINE_FLOATS;
    plan.m_step = plan.block * panel + LINE_FLOATS;
    return plan;
}

size_t winograd_packed_bytes(const struct conv_shape *shape,
                             const struct winograd_plan *plan)
{
    return shape->groups * plan->r * plan->r * plan->c * plan->k * sizeof(uint16_t);
}

void winograd_pack(const struct conv_shape *shape, const struct winograd_plan *plan,
                   size_t panel, const uint16_t *weights, uint16_t *packed)
{
    const size_t taps = plan->r * plan->r;
    memset(packed, 0, winograd_packed_bytes(shape, plan));
    for (size_t i = 0; i < shape->k; i++) {
        const size_t group = i / plan->outputs, k = i % plan->outputs;
        const size_t panels = group * (plan->k / panel) + k / panel;
        uint16_t *to = packed + panels * plan->c * taps * panel + k % panel;
        for (size_t tap = 0; tap < taps; tap++, to += panel)
            for (size_t c = 0; c < plan->inputs; c++)
                to[c * taps * panel] = *weights++;
    }
}

size_t winograd_team_floats(const struct winograd_plan *plan)
{
    return round_up(plan->points * plan->points * plan->v_step, LINE_FLOATS);
}

size_t winograd_thread_floats(const struct winograd_plan *plan)
{
    return round_up(plan->points * (plan->u_step + plan->points * plan->m_step),
                    LINE_FLOATS);
}

size_t winograd_scratch_bytes(const struct winograd_plan *plan, int threads)
{
    const size_t floats = (size_t)plan->teams * winograd_team_floats(plan) +
                          (size_t)threads * winograd_thread_floats(plan);
    return floats * sizeof(float) + plan->c * sizeof(uint16_t);
}

struct winograd_tile winograd_tile(const struct winograd_plan *plan, size_t tile)
{
    int kind = 0;
    while (tile >= plan->kind_end[kind])
        kind++;
    const int rest_row = kind == WINOGRAD_REST_FULL || kind == WINOGRAD_REST;
    const int rest_column = kind == WINOGRAD_FULL_REST || kind == WINOGRAD_REST;
    const size_t index = kind ? tile - plan->kind_end[kind - 1] : tile;
    const size_t columns = rest_column ? 1 : plan->columns.full;
    const size_t rows = rest_row ? 1 : plan->rows.full;
    const size_t row = rest_row ? plan->rows.full : index / columns % rows;
    const size_t column = rest_column ? plan->columns.full : index % columns;
    return (struct winograd_tile){
        .image = index / columns / rows,
        .row = row * plan->m,
        .column = column * plan->m,
        .row_points = (rest_row ? plan->rows.rest : plan->m) + plan->r - 1,
        .column_points = (rest_column ? plan->columns.rest : plan->m) + plan->r - 1,
    };
}

static size_t clamp(size_t tile, size_t first, size_t count)
{
    return tile < first ? 0 : least(tile - first, count);
}

struct winograd_range winograd_tiles_of(const struct winograd_plan *plan, size_t i,
                                        size_t j, size_t first, size_t count)
{
    const int row_full = plan->rows.rest && i >= plan->rows.rest + plan->r - 1;
    const int column_full = plan->columns.rest && j >= plan->columns.rest + plan->r - 1;
    const size_t begin = row_full ? plan->kind_end[WINOGRAD_REST_FULL] : 0;
    const int last_kind = column_full ? WINOGRAD_FULL
                          : row_full  ? WINOGRAD_FULL_REST
                                      : WINOGRAD_REST;
    return (struct winograd_range){clamp(begin, first, count),
                                   clamp(plan->kind_end[last_kind], first, count)};
}

struct winograd_range winograd_share(size_t count, int member, int members)
{
    return (struct winograd_range){count * (size_t)member / (size_t)members,
                                   count * ((size_t)member + 1) / (size_t)members};
}
