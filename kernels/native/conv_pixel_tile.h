/* The pixel tiles of one ISA and dtype; included once for each, behind half_lanes.h and

       ISA, TYPE         as in a name of the dispatch table: avx2, f16
       ROWS              of a tile, the most
       WHERE, where()    lanes in a register, as the next takes them
       SPREAD            the elements of a vector in memory that lanes ask for */

static void NAME(widen)(const uint16_t *from, float *to, size_t count)
{
    for (; count >= LANES; count -= LANES, from += LANES, to += LANES)
        STORE(to, WIDEN(from));
    if (count)
        STORE_SOME(to, count, WIDEN_SOME(from, count));
}

/* One group of taps, whose weights stay in registers, too; `one`: all lanes take the same
   pixel. */
static ALWAYS_INLINE void NAME(add_group)(int one, size_t rows, size_t taps,
                                          const float *x, size_t pitch, const float *w,
                                          WHERE lane, WIDE *sum)
{
    WIDE weight[PIXEL_MOST_TAPS];
    UNROLL
    for (size_t r = 0; r < taps; r++)
        weight[r] = LOAD(w + r * LANES);
    UNROLL
    for (size_t h = 0; h < rows + taps - 1; h++) {
        const float *row = x + h * pitch;
        const WIDE pixels = one ? BROADCAST(row) : SPREAD(row, lane);
        UNROLL
        for (size_t r = 0; r < taps; r++)
            if (h >= r && h - r < rows)
                sum[h - r] = FMA(pixels, weight[r], sum[h - r]);
    }
}

#define GROUP(count) \
    case count: \
        NAME(add_group)(one, rows, count, x + groups->at, pitch, w, lanes, sum); \
        break;

static ALWAYS_INLINE void
NAME(tile)(int one, size_t rows, const float *x, size_t pitch,
           const struct pixel_group *groups, size_t count, const float *w,
           const int32_t *lane, uint16_t *y, size_t y_row, size_t items)
{
    const WHERE lanes = where(lane);
    WIDE sum[PIXEL_MOST_ROWS];
    UNROLL
    for (size_t p = 0; p < rows; p++)
        sum[p] = ZERO;
    for (const struct pixel_group *end = groups + count; groups < end; groups++) {
        switch (groups->taps) {
            GROUP(1) GROUP(2) GROUP(3) GROUP(4) GROUP(5)
        }
        w += groups->taps * LANES;
    }
    UNROLL
    for (size_t p = 0; p < rows; p++) {
        if (items == LANES)
            ROUND(y + p * y_row, sum[p]);
        else
            ROUND_SOME(y + p * y_row, items, sum[p]);
    }
}

#define TILE(name, one, rows) \
    static void NAME(name##rows)(const float *x, size_t pitch, \
                                 const struct pixel_group *groups, size_t count, \
                                 const float *w, const int32_t *lane, uint16_t *y, \
                                 size_t y_row, size_t items) \
    { \
        NAME(tile)(one, rows, x, pitch, groups, count, w, lane, y, y_row, items); \
    }
#define ALL(what, name, one) \
    what(name, one, 1) what(name, one, 2) what(name, one, 3) what(name, one, 4) \
    what(name, one, 5) what(name, one, 6) what(name, one, 7) what(name, one, 8) \
    what(name, one, 9) what(name, one, 10) what(name, one, 11) what(name, one, 12) \
    what(name, one, 13) what(name, one, 14)
#define LISTED(name, one, rows) NAME(name##rows),

ALL(TILE, many_, 0)
ALL(TILE, one_, 1)

static const struct pixel_engine NAME(engine) = {
    LANES,
    ROWS,
    {{ALL(LISTED, many_, 0)}, {ALL(LISTED, one_, 1)}},
    NAME(widen),
    JOIN(widen_, TYPE),
};

CONV_PIXEL(TYPE, ISA, NAME(engine))

#undef TILE
#undef ALL
#undef LISTED
#undef GROUP
