/* Winograd convolution; included for every TYPE, behind half_lanes.h.

   One block of tiles, in which U stays in L1 and M in L2:

       x --gather, transform--> V[point][C / LANES][tile][LANES]
       for each PANEL of K:
           for each row of points, for each chunk of C:
               w --transform--> U[point in row][C in chunk][PANEL]
               M[point][tile][PANEL] += V U
           y <--transform, round-- M

   Weights come in as stored, 18 bytes per channel and filter instead of the 144 of a U
   packed before: what is far from the core is read often, so that it has to be small.
   Products cost (m + 2)^2 C K / LANES madd per tile; transforms 2 (m + 2)^2 (C + K) /
   LANES per tile, 4 (m + 2)^2 C K / LANES per block. */

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
static ALWAYS_INLINE void NAME(transform_row)(size_t points, float p, size_t i,
                                              const uint16_t *w, size_t channels,
                                              float *u, size_t u_step)
{
    for (size_t c = 0; c < channels; c++, w += 8 * PANEL)
        for (size_t j = 0; j < VECTORS; j++, w += LANES, u += LANES) {
            vec column[3], tap[3];
            UNROLL
            for (size_t s = 0; s < 3; s++) {
                UNROLL
                for (size_t r = 0; r < 3; r++)
                    tap[r] = WIDEN(w + (r * 3 + s) * PANEL);
                column[s] = filter_at_point(p, i, tap);
            }
            UNROLL
            for (size_t k = 0; k < points; k++)
                store(u + k * u_step, filter_at_point(p, k, column));
        }
}

#define ROW(i) \
    case i: \
        NAME(transform_row)(points, p, i, w, channels, u, u_step); \
        break;

static ALWAYS_INLINE void NAME(transform_filters)(size_t points, float p, size_t row,
                                                  const uint16_t *w, size_t channels,
                                                  float *u, size_t u_step)
{
    switch (row) {
        ROW(0) ROW(1) ROW(2) ROW(3) ROW(4) ROW(5)
    }
}

#undef ROW

/* V of one tile: the border of the image is read from `zeros`. */
static ALWAYS_INLINE void
NAME(transform_input)(size_t row_outputs, size_t column_outputs, float p,
                      const struct conv_shape *shape, const struct winograd_plan *plan,
                      struct winograd_tile tile, const uint16_t *x,
                      const uint16_t *zeros, float *v, size_t tiles)
{
    const size_t rows = row_outputs + 2, columns = column_outputs + 2;
    const uint16_t *pixel[WINOGRAD_MOST][WINOGRAD_MOST];
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            const size_t h = tile.row + i - shape->pad_h;
            const size_t w = tile.column + j - shape->pad_w;
            const size_t at = (tile.image * shape->h + h) * shape->w + w;
            pixel[i][j] = h < shape->h && w < shape->w ? x + at * shape->c : zeros;
        }
    for (size_t c = 0; c < shape->c; c += LANES, v += tiles * LANES) {
        vec column[WINOGRAD_MOST][WINOGRAD_MOST];
        vec d[WINOGRAD_MOST] = {spread(0)}, at[WINOGRAD_MOST] = {spread(0)};
        for (size_t j = 0; j < columns; j++) {
            UNROLL
            for (size_t i = 0; i < rows; i++)
                d[i] = NAME(widen_some)(pixel[i][j] + c, shape->c - c);
            input_at_points(row_outputs, p, d, at);
            UNROLL
            for (size_t i = 0; i < rows; i++)
                column[i][j] = at[i];
        }
        for (size_t i = 0; i < rows; i++) {
            input_at_points(column_outputs, p, column[i], at);
            UNROLL
            for (size_t j = 0; j < columns; j++)
                store(v + (i * plan->points + j) * plan->v_step, at[j]);
        }
    }
}

/* y of one tile and panel from M, clipped where the last tile reaches beyond. */
static ALWAYS_INLINE void
NAME(transform_output)(size_t row_outputs, size_t column_outputs, float p,
                       const struct conv_shape *shape, const struct winograd_plan *plan,
                       struct winograd_tile tile, const float *m, size_t first,
                       uint16_t *y)
{
    const size_t rows = row_outputs + 2, columns = column_outputs + 2;
    const size_t height = plan->rows.outputs, width = plan->columns.outputs;
    y += ((tile.image * height + tile.row) * width + tile.column) * shape->k;
    const size_t last = first + PANEL < shape->k ? first + PANEL : shape->k;
    for (size_t k = first; k < last; k += LANES) {
        const float *from = m + k - first;
        vec column[WINOGRAD_MOST][WINOGRAD_MOST];
        vec at[WINOGRAD_MOST] = {spread(0)}, out[WINOGRAD_MOST] = {spread(0)};
        for (size_t j = 0; j < columns; j++) {
            UNROLL
            for (size_t i = 0; i < rows; i++)
                at[i] = load(from + (i * plan->points + j) * plan->m_step);
            outputs_from_points(row_outputs, p, at, out);
            UNROLL
            for (size_t i = 0; i < row_outputs; i++)
                column[i][j] = out[i];
        }
        for (size_t i = 0; i < row_outputs && tile.row + i < height; i++) {
            outputs_from_points(column_outputs, p, column[i], out);
            for (size_t j = 0; j < column_outputs && tile.column + j < width; j++)
                NAME(round_some)(y + (i * width + j) * shape->k + k, out[j],
                                  shape->k - k);
        }
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
        const uint16_t *w = work->w + (panel * plan->c + c) * 9 * PANEL;
        if (points == 4)
            NAME(transform_filters)(4, point_p(2), row, w, channels, work->u,
                                    plan->u_step);
        else
            NAME(transform_filters)(6, point_p(4), row, w, channels, work->u,
                                    plan->u_step);
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
        CALL(NAME(transform_input), tile, work->x, work->zeros, work->v + t * LANES,
             count)
    }
    TOGETHER(members)
    mine = winograd_share(plan->k / PANEL, member, members);
    for (size_t panel = mine.first; panel < mine.last; panel++) {
        NAME(multiply_panel)(work, panel, first, count);
        for (size_t t = 0; t < count; t++) {
            const struct winograd_tile tile = winograd_tile(plan, first + t);
            CALL(NAME(transform_output), tile, work->m + t * PANEL, panel * PANEL,
                 work->y)
        }
    }
    TOGETHER(members)
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
        const int thread = omp_get_thread_num(), running = omp_get_num_threads();
        const int members = plan.teams == 1 ? running : 1;
        const size_t team = (size_t)(plan.teams == 1 ? 0 : thread);
        const size_t stride = (size_t)(running / members) * plan.block;
        float *u = own + (size_t)thread * winograd_thread_floats(&plan);
        const struct NAME(work) work = {
            shape, &plan, x, w, zeros, y, scratch + team * winograd_team_floats(&plan),
            u, u + plan.points * plan.u_step};
        for (size_t first = team * plan.block; first < plan.tiles; first += stride) {
            NAME(run_block)(&work, first, least(plan.tiles - first, plan.block),
                            members == 1 ? 0 : thread, members);
        }
    }
}
