/* Winograd convolution; included for every TYPE, behind half_lanes.h.

   One block of tiles, in which U stays in L1 and M in L2:

       x --gather, transform--> V[point][C / LANES][tile][LANES]
       for each PANEL of K:
           for each row of points, for each chunk of C:
               w --transform--> U[point in row][C in chunk][PANEL]
               M[point][tile][PANEL] += V U
           y <--transform, round-- M

   Weights come in as stored, 2 r^2 bytes per channel and filter instead of the 4 n^2 of a
   U packed before: what is far from the core is read often, so that it has to be small.
   Products cost n^2 C K / LANES madd per tile; transforms about 3 n^2 (C + K) / LANES per
   tile, 2 n^2 C K / LANES per block. */

static inline vec NAME(widen_some)(const uint16_t *from, size_t count)
{
    return count >= LANES ? WIDEN(from) : WIDEN_SOME(from, count);
}

static inline void NAME(round_some)(uint16_t *to, vec value, size_t count)
{
    if (count >= LANES)
        ROUND(to, value);
    else
        ROUND_SOME(to, count, value);
}

/* U of row `i` of points, `channels` channels and one panel. */
static ALWAYS_INLINE void NAME(transform_row)(size_t most, size_t r, size_t i,
                                              const uint16_t *w, size_t channels,
                                              float *u, size_t u_step)
{
    for (size_t c = 0; c < channels; c++, w += (r * r - 1) * PANEL)
        for (size_t j = 0; j < VECTORS; j++, w += LANES, u += LANES) {
            vec column[WINOGRAD_TAPS], tap[WINOGRAD_TAPS];
            UNROLL
            for (size_t s = 0; s < r; s++) {
                UNROLL
                for (size_t t = 0; t < r; t++)
                    tap[t] = WIDEN(w + (t * r + s) * PANEL);
                column[s] = filter_at_point(most, r, i, tap);
            }
            UNROLL
            for (size_t k = 0; k < most; k++)
                store(u + k * u_step, filter_at_point(most, r, k, column));
        }
}

#define ROW(most, r, i) \
    case i: \
        if (i < most) \
            NAME(transform_row)(most, r, i, w, channels, u, u_step); \
        break;
#define ROWS(most, r) \
    case (most) * 16 + (r): \
        switch (row) { \
            ROW(most, r, 0) ROW(most, r, 1) ROW(most, r, 2) ROW(most, r, 3) \
            ROW(most, r, 4) ROW(most, r, 5) ROW(most, r, 6) ROW(most, r, 7) \
        } \
        break;

static void NAME(transform_filters)(const struct winograd_plan *plan, size_t row,
                                    const uint16_t *w, size_t channels, float *u)
{
    const size_t u_step = plan->u_step;
    switch (plan->points * 16 + plan->r) {
        ROWS(4, 3)
        ROWS(6, 3)
        ROWS(8, 3)
        ROWS(6, 5)
        ROWS(8, 5)
    }
}

#undef ROWS
#undef ROW

typedef const uint16_t *NAME(pixels)[WINOGRAD_MOST][WINOGRAD_MOST];

/* Where the inputs of a tile are: beyond the border, in `zeros`. */
static void NAME(find_pixels)(const struct conv_shape *shape, struct winograd_tile tile,
                              const uint16_t *x, const uint16_t *zeros,
                              NAME(pixels) pixel)
{
    for (size_t i = 0; i < tile.row_points; i++)
        for (size_t j = 0; j < tile.column_points; j++) {
            const size_t h = tile.row + i - shape->pad_h;
            const size_t w = tile.column + j - shape->pad_w;
            const size_t at = (tile.image * shape->h + h) * shape->w + w;
            pixel[i][j] = h < shape->h && w < shape->w ? x + at * shape->c : zeros;
        }
}

/* `columns` columns of n inputs become as many of n points. */
static ALWAYS_INLINE void NAME(input_columns)(size_t most, size_t n, size_t columns,
                                              NAME(pixels) pixel, size_t c, size_t left,
                                              square_of_vectors at)
{
    for (size_t j = 0; j < columns; j++) {
        vec d[WINOGRAD_MOST], column[WINOGRAD_MOST];
        UNROLL
        for (size_t i = 0; i < n; i++)
            d[i] = NAME(widen_some)(pixel[i][j] + c, left);
        input_at_points(most, n, d, column);
        UNROLL
        for (size_t i = 0; i < n; i++)
            at[i][j] = column[i];
    }
}

static ALWAYS_INLINE void NAME(input_rows)(size_t most, size_t n, size_t rows,
                                           square_of_vectors d, float *v, size_t v_step)
{
    for (size_t i = 0; i < rows; i++, v += most * v_step) {
        vec at[WINOGRAD_MOST];
        input_at_points(most, n, d[i], at);
        UNROLL
        for (size_t j = 0; j < n; j++)
            store(v + j * v_step, at[j]);
    }
}

/* V of one tile. */
static void NAME(transform_input)(const struct conv_shape *shape,
                                  const struct winograd_plan *plan,
                                  struct winograd_tile tile, const uint16_t *x,
                                  const uint16_t *zeros, float *v, size_t tiles)
{
    const size_t rows = tile.row_points, columns = tile.column_points;
    NAME(pixels) pixel;
    NAME(find_pixels)(shape, tile, x, zeros, pixel);
    for (size_t c = 0; c < plan->inputs; c += LANES, v += tiles * LANES) {
        square_of_vectors at;
        WITH_POINTS(plan->points, rows,
                    NAME(input_columns)(most, n, columns, pixel, c, plan->inputs - c,
                                        at);)
        WITH_POINTS(plan->points, columns,
                    NAME(input_rows)(most, n, rows, at, v, plan->v_step);)
    }
}

static ALWAYS_INLINE void NAME(output_columns)(size_t most, size_t n, size_t m,
                                               size_t columns, const float *from,
                                               size_t m_step, square_of_vectors out)
{
    for (size_t j = 0; j < columns; j++, from += m_step) {
        vec at[WINOGRAD_MOST], column[WINOGRAD_MOST];
        UNROLL
        for (size_t i = 0; i < n; i++)
            at[i] = load(from + i * most * m_step);
        outputs_from_points(most, n, m, at, column);
        UNROLL
        for (size_t i = 0; i < m; i++)
            out[i][j] = column[i];
    }
}

static ALWAYS_INLINE void NAME(output_rows)(size_t most, size_t n, size_t m, size_t rows,
                                            size_t columns, square_of_vectors at,
                                            uint16_t *y, size_t width, size_t k,
                                            size_t left)
{
    for (size_t i = 0; i < rows; i++) {
        vec out[WINOGRAD_MOST];
        outputs_from_points(most, n, m, at[i], out);
        UNROLL
        for (size_t j = 0; j < m; j++)
            if (j < columns)
                NAME(round_some)(y + (i * width + j) * k, out[j], left);
    }
}

/* y of one tile and panel from M, clipped where the last tile reaches beyond. */
static ALWAYS_INLINE void
NAME(transform_output)(size_t r, const struct conv_shape *shape,
                       const struct winograd_plan *plan, struct winograd_tile tile,
                       const float *m, size_t first, uint16_t *y)
{
    const size_t height = plan->rows.outputs, width = plan->columns.outputs;
    const size_t last = least(first + PANEL, plan->outputs);
    const size_t rows = least(tile.row_points - r + 1, height - tile.row);
    const size_t columns = width - tile.column;
    y += ((tile.image * height + tile.row) * width + tile.column) * shape->k;
    for (size_t k = first; k < last; k += LANES, m += LANES) {
        square_of_vectors out;
        WITH_POINTS(plan->points, tile.row_points,
                    NAME(output_columns)(most, n, n - r + 1, tile.column_points, m,
                                         plan->m_step, out);)
        WITH_POINTS(plan->points, tile.column_points,
                    NAME(output_rows)(most, n, n - r + 1, rows, columns, out, y + k,
                                      width, shape->k, plan->outputs - k);)
    }
}

/* What all threads share of one convolution, and V, U and M of this one. */
struct NAME(work) {
    const struct conv_shape *shape;
    const struct winograd_plan *plan;
    const uint16_t *x, *w, *zeros;
    uint16_t *y;
    float *v, *u, *m;
};

/* M of `count` tiles from `first` on, for one panel of K. */
static void NAME(multiply_panel)(const struct NAME(work) *work, size_t panel,
                                 size_t first, size_t count)
{
    const struct winograd_plan *plan = work->plan;
    const size_t points = plan->points, chunks = ceil_div(plan->c, WINOGRAD_CHUNK);
    for (size_t step = 0; step < points * chunks; step++) {
        const size_t row = step / chunks, c = step % chunks * WINOGRAD_CHUNK;
        const size_t channels = least(plan->c - c, WINOGRAD_CHUNK);
        const uint16_t *w = work->w + (panel * plan->c + c) * plan->r * plan->r * PANEL;
        NAME(transform_filters)(plan, row, w, channels, work->u);
        for (size_t column = 0; column < points; column++) {
            const size_t point = row * points + column;
            const struct winograd_range have =
                winograd_tiles_of(plan, row, column, first, count);
            multiply_tiles(work->v + point * plan->v_step + c * count,
                           work->u + column * plan->u_step,
                           work->m + point * plan->m_step, have, count, channels,
                           c > 0);
        }
    }
}

/* Compute `count` tiles from `first` on, by `members` threads. */
static void NAME(run_block)(const struct NAME(work) *work, size_t first, size_t count,
                            int member, int members)
{
    const struct conv_shape *shape = work->shape;
    const struct winograd_plan *plan = work->plan;
    struct winograd_range mine = winograd_share(count, member, members);
    for (size_t t = mine.first; t < mine.last; t++) {
        const struct winograd_tile tile = winograd_tile(plan, first + t);
        NAME(transform_input)(shape, plan, tile, work->x, work->zeros,
                              work->v + t * LANES, count);
    }
    TOGETHER(members)
    mine = winograd_share(plan->k / PANEL, member, members);
    for (size_t panel = mine.first; panel < mine.last; panel++) {
        NAME(multiply_panel)(work, panel, first, count);
        for (size_t t = 0; t < count; t++) {
            const struct winograd_tile tile = winograd_tile(plan, first + t);
            const float *m = work->m + t * PANEL;
            if (shape->r == 3)
                NAME(transform_output)(3, shape, plan, tile, m, panel * PANEL, work->y);
            else
                NAME(transform_output)(5, shape, plan, tile, m, panel * PANEL, work->y);
        }
    }
    TOGETHER(members)
}

/* Compute every `stride`-th block from `begin` on, of each group. */
static void NAME(run_blocks)(struct NAME(work) work, size_t begin, size_t stride,
                             int member, int members)
{
    const struct winograd_plan *plan = work.plan;
    for (size_t group = 0; group < work.shape->groups; group++) {
        for (size_t first = begin; first < plan->tiles; first += stride)
            NAME(run_block)(&work, first, least(plan->tiles - first, plan->block), member,
                            members);
        work.x += plan->inputs;
        work.w += plan->r * plan->r * plan->c * plan->k;
        work.y += plan->outputs;
    }
}

static void NAME(run)(const struct conv_shape *shape, size_t m, const uint16_t *x,
                      const uint16_t *w, uint16_t *y, float *scratch, int threads)
{
    const struct winograd_plan plan = winograd_plan(shape, m, LANES, PANEL, threads);
    float *own = scratch + (size_t)plan.teams * winograd_team_floats(&plan);
    float *end = own + (size_t)threads * winograd_thread_floats(&plan);
    uint16_t *zeros = (uint16_t *)end;
    memset(zeros, 0, plan.c * sizeof *zeros);
#pragma omp parallel num_threads(threads)
    {
        const size_t thread = (size_t)omp_get_thread_num();
        const size_t running = (size_t)omp_get_num_threads();
        float *u = own + thread * winograd_thread_floats(&plan);
        struct NAME(work) work = {shape, &plan, x, w, zeros, y, scratch, u,
                                  u + plan.points * plan.u_step};
        if (plan.teams == 1) {
            NAME(run_blocks)(work, 0, plan.block, (int)thread, (int)running);
        } else {
            work.v += thread * winograd_team_floats(&plan);
            NAME(run_blocks)(work, thread * plan.block, running * plan.block, 0, 1);
        }
    }
}
