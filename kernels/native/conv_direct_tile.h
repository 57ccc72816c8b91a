/* The tiles of one ISA and dtype; included once for each, after defining

       NAME(part)           a function's name
       LANES, PIXELS        sums in a vector, most pixels in a tile
       WIDE                 a vector of float32
       ZERO, LOAD(place), STORE(place, WIDE), BROADCAST(place)
       FMA(a, b, sum), ADD(a, b)
       WIDEN(place) -> WIDE, ROUND(place, WIDE): 16-bit memory, whole vectors
       WIDEN_SOME(place, count), STORE_SOME(place, count, WIDE), ROUND_SOME likewise */

static void NAME(widen)(const uint16_t *from, float *to, size_t count)
{
    for (; count >= LANES; count -= LANES, from += LANES, to += LANES)
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

/* One step: the sums of all pixels. Pixels are reached from every third one, so that
   few address registers do. */
static inline __attribute__((always_inline)) void
NAME(step)(WIDE sum[PIXELS][2], const size_t pixels, const size_t vectors,
           const float *x, size_t pixel, const float *panel)
{
    WIDE w[2];
    UNROLL
    for (size_t v = 0; v < vectors; v++)
        w[v] = LOAD(panel + v * LANES);
    UNROLL
    for (size_t i = 0; i < pixels; i++) {
        const WIDE value = BROADCAST(x + i * pixel);
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = FMA(value, w[v], sum[i][v]);
    }
}

static inline __attribute__((always_inline)) void
NAME(store)(WIDE sum[PIXELS][2], const size_t pixels, const size_t vectors,
            const struct conv_tile *tile)
{
    UNROLL
    for (size_t i = 0; i < pixels; i++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++) {
            float *place = tile->sums + (i * vectors + v) * LANES;
            uint16_t *out = tile->y + i * tile->y_pixel + v * LANES;
            if (!tile->y)
                STORE(place, ADD(LOAD(place), sum[i][v]));
            else if (tile->channels >= (v + 1) * LANES)
                ROUND(out, sum[i][v]);
            else if (tile->channels > v * LANES)
                ROUND_SOME(out, tile->channels - v * LANES, sum[i][v]);
        }
    }
}

static inline __attribute__((always_inline)) void
NAME(tile)(const struct conv_tile *tile, const size_t pixels, const size_t vectors)
{
    const size_t pixel = tile->pixel;
    WIDE sum[PIXELS][2];
    UNROLL
    for (size_t i = 0; i < pixels; i++) {
        UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = ZERO;
    }
    for (size_t t = 0; t < tile->tap_count; t++) {
        const float *x = tile->x + tile->taps[t].x;
        const float *panel = tile->panel + tile->taps[t].panel;
        const float *end = x + tile->taps[t].steps;
        for (; x < end; x++, panel += vectors * LANES)
            NAME(step)(sum, pixels, vectors, x, pixel, panel);
    }
    NAME(store)(sum, pixels, vectors, tile);
}

#define TILE(pixels) \
    static void NAME(tile_##pixels##_1)(const struct conv_tile *tile) \
    { \
        NAME(tile)(tile, pixels, 1); \
    } \
    static void NAME(tile_##pixels##_2)(const struct conv_tile *tile) \
    { \
        NAME(tile)(tile, pixels, 2); \
    }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
#if PIXELS > 6
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
TILE(13)
TILE(14)
#define MORE_TILES(v) \
    , NAME(tile_7_##v), NAME(tile_8_##v), NAME(tile_9_##v), NAME(tile_10_##v), \
        NAME(tile_11_##v), NAME(tile_12_##v), NAME(tile_13_##v), NAME(tile_14_##v)
#else
#define MORE_TILES(v)
#endif

#define TILES(v) \
    { \
        NAME(tile_1_##v), NAME(tile_2_##v), NAME(tile_3_##v), NAME(tile_4_##v), \
            NAME(tile_5_##v), NAME(tile_6_##v) MORE_TILES(v) \
    }

static const struct conv_engine NAME(engine) = {
    LANES, PIXELS, {TILES(1), TILES(2)}, NAME(widen), NAME(round),
};

CONV_ALGORITHMS(NAME)

#undef TILE
#undef TILES
#undef MORE_TILES
#undef NAME
#undef WIDEN
#undef ROUND
#undef WIDEN_SOME
#undef ROUND_SOME
