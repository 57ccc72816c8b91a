/* One block of tiles; included for every type, after defining

       WIDEN(from), ROUND(to, vec)    LANES stored elements
       NAME(stem)                     the names of what is defined here

   x --gather, transform--> V[point][C / LANES][tile][LANES]
                                x U[point][K / PANEL][C][PANEL]     (packed weights)
                                = M[point][K / PANEL][tile][PANEL]
   y <--transform, round--------+

   Products cost (m + 2)^2 C K / LANES madd per tile, transforms of V and M about
   2 (m + 2)^2 (C + K) / LANES more. */

static inline vec NAME(widen_some)(const uint16_t *from, size_t count)
{
    if (count >= LANES)
        return WIDEN(from);
    uint16_t all[LANES] = {0};
    memcpy(all, from, count * sizeof *from);
    return WIDEN(all);
}

static inline void NAME(round_some)(uint16_t *to, vec value, size_t count)
{
    uint16_t all[LANES];
    if (count >= LANES) {
        ROUND(to, value);
        return;
    }
    ROUND(all, value);
    memcpy(to, all, count * sizeof *to);
}

/* Transform the filters k .. k + LANES - 1 for channels c .. c + LANES - 1 and turn
   them, so that filters lie side by side. */
static void NAME(pack_square)(const struct conv_shape *shape, float p, size_t points,
                              const uint16_t *weights, size_t k, size_t c, float *u,
                              size_t u_step)
{
    float turned[WINOGRAD_MOST * WINOGRAD_MOST][LANES][LANES]
        __attribute__((aligned(64)));
    for (size_t f = 0; f < LANES; f++) {
        vec column[WINOGRAD_MOST][3], row[WINOGRAD_MOST];
        for (size_t s = 0; s < 3; s++) {
            vec w[3], at[WINOGRAD_MOST];
            for (size_t r = 0; r < 3; r++)
                w[r] = k + f < shape->k && c < shape->c
                           ? NAME(widen_some)(
                                 weights + (((k + f) * 3 + r) * 3 + s) * shape->c + c,
                                 shape->c - c)
                           : spread(0);
            filter_at_points(p, w, at, points);
            for (size_t i = 0; i < points; i++)
                column[i][s] = at[i];
        }
        for (size_t i = 0; i < points; i++) {
            filter_at_points(p, column[i], row, points);
            for (size_t j = 0; j < points; j++)
                store(turned[i * points + j][f],
                      spread(filter_scale(p, i) * filter_scale(p, j)) * row[j]);
        }
    }
    for (size_t point = 0; point < points * points; point++)
        for (size_t lane = 0; lane < LANES; lane++)
            for (size_t f = 0; f < LANES; f++)
                u[point * u_step + lane * PANEL + f] = turned[point][f][lane];
}

static void NAME(pack)(const struct conv_shape *shape, size_t m,
                       const uint16_t *weights, float *u)
{
    const struct winograd_plan plan = winograd_plan(shape, m, LANES, PANEL, 1);
    for (size_t k = 0; k < plan.k; k += LANES)
        for (size_t c = 0; c < plan.c; c += LANES)
            NAME(pack_square)(shape, point_p(m), plan.points, weights, k, c,
                              u + k / PANEL * plan.c * PANEL + c * PANEL + k % PANEL,
                              plan.u_step);
}

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

/* y of one tile from M, clipped where the last tile reaches beyond. */
static ALWAYS_INLINE void
NAME(transform_output)(size_t row_outputs, size_t column_outputs, float p,
                       const struct conv_shape *shape, const struct winograd_plan *plan,
                       struct winograd_tile tile, const float *m, size_t tiles,
                       uint16_t *y)
{
    const size_t rows = row_outputs + 2, columns = column_outputs + 2;
    const size_t height = plan->rows.outputs, width = plan->columns.outputs;
    y += ((tile.image * height + tile.row) * width + tile.column) * shape->k;
    for (size_t k = 0; k < shape->k; k += LANES) {
        const float *from = m + k / PANEL * tiles * PANEL + k % PANEL;
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

/* Compute the tiles first .. first + count - 1 by `members` threads. */
static void NAME(run_block)(const struct conv_shape *shape,
                            const struct winograd_plan *plan, size_t first,
                            size_t count, const uint16_t *x, const uint16_t *zeros,
                            const float *u, uint16_t *y, float *v, int member,
                            int members)
{
    const size_t points = plan->points, panels = plan->k / PANEL;
    float *m = v + points * points * plan->v_step;
    struct winograd_range mine = winograd_share(count, member, members);
    for (size_t t = mine.first; t < mine.last; t++) {
        const struct winograd_tile tile = winograd_tile(plan, first + t);
        CALL(NAME(transform_input), tile, x, zeros, v + t * LANES, count)
    }
    TOGETHER(members)
    mine = winograd_share(points * points * panels, member, members);
    for (size_t piece = mine.first; piece < mine.last; piece++) {
        const size_t p = piece / panels, panel = piece % panels;
        const struct winograd_range have =
            winograd_tiles_of(plan, p / points, p % points, first, count);
        multiply_tiles(v + p * plan->v_step,
                       u + p * plan->u_step + panel * plan->c * PANEL,
                       m + p * plan->m_step + panel * count * PANEL, have.first,
                       have.last, count, plan->c);
    }
    TOGETHER(members)
    mine = winograd_share(count, member, members);
    for (size_t t = mine.first; t < mine.last; t++) {
        const struct winograd_tile tile = winograd_tile(plan, first + t);
        CALL(NAME(transform_output), tile, m + t * PANEL, count, y)
    }
    TOGETHER(members)
}

static void NAME(run)(const struct conv_shape *shape, size_t m, const uint16_t *x,
                      const float *u, uint16_t *y, float *scratch, int threads)
{
    const struct winograd_plan plan = winograd_plan(shape, m, LANES, PANEL, threads);
    const size_t team_floats = winograd_team_floats(&plan);
    uint16_t *zeros = (uint16_t *)(scratch + (size_t)plan.teams * team_floats);
    memset(zeros, 0, plan.c * sizeof *zeros);
#pragma omp parallel num_threads(threads)
    {
        const int thread = omp_get_thread_num(), running = omp_get_num_threads();
        const int members = plan.teams == 1 ? running : 1;
        const size_t team = (size_t)(plan.teams == 1 ? 0 : thread);
        const size_t stride = (size_t)(running / members) * plan.block;
        for (size_t first = team * plan.block; first < plan.tiles; first += stride) {
            const size_t left = plan.tiles - first;
            NAME(run_block)(shape, &plan, first, left < plan.block ? left : plan.block,
                            x, zeros, u, y, scratch + team * team_floats,
                            members == 1 ? 0 : thread, members);
        }
    }
}
