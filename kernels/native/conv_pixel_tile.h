/* The pixel tiles of one ISA and dtype; included once for each, behind half_lanes.h and

       ISA, TYPE    as in a name of the dispatch table: avx2, f16
       VECTORS      of pixels in a block */

static void NAME(widen)(const uint16_t *from, float *to, size_t count)
{
    for (; count >= LANES; count -= LANES, from += LANES, to += LANES)
        STORE(to, WIDEN(from));
    if (count)
        STORE_SOME(to, count, WIDEN_SOME(from, count));
}

static inline __attribute__((always_inline)) void
NAME(tile)(const float *x, const size_t *at, size_t taps, const float *w, uint16_t *out,
           const size_t channels)
{
    WIDE sum[PIXEL_MOST_CHANNELS][VECTORS];
    UNROLL
    for (size_t k = 0; k < channels; k++) {
        UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            sum[k][v] = ZERO;
    }
    for (size_t t = 0; t < taps; t++, w += channels) {
        WIDE pixels[VECTORS];
        UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            pixels[v] = LOAD(x + at[t] + v * LANES);
        UNROLL
        for (size_t k = 0; k < channels; k++) {
            const WIDE weight = BROADCAST(w + k);
            UNROLL
            for (size_t v = 0; v < VECTORS; v++)
                sum[k][v] = FMA(weight, pixels[v], sum[k][v]);
        }
    }
    UNROLL
    for (size_t k = 0; k < channels; k++) {
        UNROLL
        for (size_t v = 0; v < VECTORS; v++)
            ROUND(out + (k * VECTORS + v) * LANES, sum[k][v]);
    }
}

#define TILE(channels) \
    static void NAME(tile_##channels)(const float *x, const size_t *at, size_t taps, \
                                      const float *w, uint16_t *out) \
    { \
        NAME(tile)(x, at, taps, w, out, channels); \
    }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)

static const struct pixel_engine NAME(engine) = {
    VECTORS * LANES,
    {NAME(tile_1), NAME(tile_2), NAME(tile_3), NAME(tile_4), NAME(tile_5),
     NAME(tile_6)},
    NAME(widen),
    interleave,
    JOIN(widen_, TYPE),
};

CONV_PIXEL(TYPE, ISA, NAME(engine))

#undef TILE
