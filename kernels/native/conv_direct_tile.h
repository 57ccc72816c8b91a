/* The tiles of one ISA and dtype; included once for each, behind half_lanes.h and

       ISA, TYPE            as in a name of the dispatch table: avx2, f16
       HALVES               of a step
       MOST_PIXELS          of tiles of 1, 2 and 3 vectors; PIXELS is the most of all
       PIXELS_1(f, v) ...   f(1, v) f(2, v) ... to the most pixels of v vectors
       ALGORITHMS           CONV_DIRECT or CONV_DOT */

static void NAME(widen)(const uint16_t *from, float *to, size_t count)
{
    for (; count >= LANES; count -= LANES, from += HALVES * LANES, to += LANES)
        STORE(to, WIDEN(from));
    if (count)
        STORE_SOME(to, count, WIDEN_SOME(from, count));
}

static void NAME(round)(const float *from, uint16_t *to, size_t count)
{
    for (; count >= LANES; count -= LANES, from += LANES, to += LANES)
        ROUND(to, LOAD(from));
    if (count)
        ROUND_SOME(to, count, LOAD(from));
}

#define AHEAD 256 /* halves */

/* One step: the sums of all pixels. Pixel i lies (i's odd part) x (a power of two)
   pitches away, which one odd multiple and an addressing mode reach. */
static inline __attribute__((always_inline)) void
NAME(step)(WIDE sum[PIXELS][3], const size_t pixels, const size_t vectors,
           const float *x, const size_t odd[7], const uint16_t *panel,
           uintptr_t ahead)
{
    static const unsigned char HALF[16] = {0, 0, 0, 1, 0, 2, 1, 3, 0, 4, 2, 5, 1, 6};
    static const unsigned char TIMES[16] = {0, 1, 2, 1, 4, 1, 2, 1, 8, 1, 2, 1, 4, 1};
    WIDE w[3];
    UNROLL
    for (size_t v = 0; v < vectors; v++) {
        w[v] = WIDEN(panel + v * HALVES * LANES);
        __builtin_prefetch(panel + v * HALVES * LANES + AHEAD); /* it lies in L2 */
    }
    __builtin_prefetch((const void *)ahead, 0, 2); /* into L2 */
    UNROLL
    for (size_t i = 0; i < pixels; i++) {
        const size_t bytes = odd[HALF[i]] * TIMES[i];
        const WIDE value = BROADCAST((const float *)((const char *)x + bytes));
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = FMA(value, w[v], sum[i][v]);
    }
}

static inline __attribute__((always_inline)) void
NAME(add)(WIDE sum[PIXELS][3], const size_t pixels, const size_t vectors, float *sums)
{
    UNROLL
    for (size_t i = 0; i < pixels; i++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++, sums += LANES)
            STORE(sums, ADD(LOAD(sums), sum[i][v]));
    }
}

static inline __attribute__((always_inline)) void
NAME(store)(WIDE sum[PIXELS][3], const size_t pixels, const size_t vectors, uint16_t *y,
            const size_t y_pixel, const size_t channels)
{
    UNROLL
    for (size_t i = 0; i < pixels; i++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++) {
            uint16_t *out = y + i * y_pixel + v * LANES;
            if (channels >= (v + 1) * LANES)
                ROUND(out, sum[i][v]);
            else if (channels > v * LANES)
                ROUND_SOME(out, channels - v * LANES, sum[i][v]);
        }
    }
}

static inline __attribute__((always_inline)) void
NAME(tile)(const struct conv_tile *tile, const size_t pixels, const size_t vectors)
{
    size_t odd[7];
    UNROLL
    for (size_t i = 0; i < 7; i++)
        odd[i] = tile->pixel * sizeof(float) * (2 * i + 1);
    WIDE sum[PIXELS][3];
    UNROLL
    for (size_t i = 0; i < pixels; i++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = ZERO;
    }
    uintptr_t ahead = tile->ahead;
    const size_t ahead_step = tile->ahead_step;
    for (size_t t = 0; t < tile->tap_count; t++) {
        const float *x = tile->x + (tile->first + tile->taps[t].x);
        const uint16_t *panel = tile->panel + tile->taps[t].panel * HALVES;
        const float *end = x + tile->taps[t].steps;
        for (; x < end; x++, ahead += ahead_step, panel += vectors * HALVES * LANES) {
            /* Keep the compiler from moving their multiples into more registers. */
            __asm__("" : "+r"(odd[0]), "+r"(odd[1]), "+r"(odd[2]));
            __asm__("" : "+r"(odd[3]), "+r"(odd[4]), "+r"(odd[5]), "+r"(odd[6]));
            NAME(step)(sum, pixels, vectors, x, odd, panel, ahead);
        }
    }
    const size_t whole = vectors * LANES; /* stored without a branch for each vector */
    if (!tile->y)
        NAME(add)(sum, pixels, vectors, tile->sums);
    else if (tile->channels >= whole)
        NAME(store)(sum, pixels, vectors, tile->y, tile->y_pixel, whole);
    else
        NAME(store)(sum, pixels, vectors, tile->y, tile->y_pixel, tile->channels);
}

#define TILE(pixels, vectors) \
    static void NAME(tile_##pixels##_##vectors)(const struct conv_tile *tile) \
    { \
        NAME(tile)(tile, pixels, vectors); \
    }
#define TILE_NAME(pixels, vectors) NAME(tile_##pixels##_##vectors),

PIXELS_1(TILE, 1)
PIXELS_2(TILE, 2)
PIXELS_3(TILE, 3)

static const struct conv_engine NAME(engine) = {
    LANES,
    {MOST_PIXELS},
    HALVES,
    {{PIXELS_1(TILE_NAME, 1)}, {PIXELS_2(TILE_NAME, 2)}, {PIXELS_3(TILE_NAME, 3)}},
    NAME(widen),
    NAME(round),
};

ALGORITHMS(TYPE, ISA, NAME(engine))

#undef TILE
#undef TILE_NAME
#undef AHEAD
