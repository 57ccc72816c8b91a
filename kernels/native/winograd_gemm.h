/* The products at one point: M[tile][PANEL] (+)= V[C / LANES][tile][LANES] U[C][PANEL].

   TILES x VECTORS sums stay in registers; a vector of U serves TILES tiles, an element
   of V, broadcast, PANEL channels of y. The tiles of a group are neighbours in V:

       c = 0 .. LANES - 1   | tile 0 | tile 1 | ... |
       c = LANES ..         | tile 0 | tile 1 | ... |

   Cost: C VECTORS madd per tile and C (1 + VECTORS / TILES) loads. */

static ALWAYS_INLINE void multiply(size_t tiles, const float *v, size_t v_row,
                                   const float *u, float *m, size_t c, int more)
{
    vec sum[TILES][VECTORS];
    UNROLL
    for (size_t t = 0; t < tiles; t++)
        UNROLL
        for (size_t j = 0; j < VECTORS; j++)
            sum[t][j] = spread(0);
    for (const float *end = u + c * PANEL; u < end; v += v_row)
        for (size_t lane = 0; lane < LANES; lane++, u += PANEL) {
            vec row[VECTORS];
            UNROLL
            for (size_t j = 0; j < VECTORS; j++)
                row[j] = load(u + j * LANES);
            if (lane < tiles)
                __builtin_prefetch(v + v_row + lane * LANES);
            UNROLL
            for (size_t t = 0; t < tiles; t++) {
                const vec x = BROADCAST(v + t * LANES + lane);
                UNROLL
                for (size_t j = 0; j < VECTORS; j++)
                    sum[t][j] = madd(x, row[j], sum[t][j]);
            }
        }
    UNROLL
    for (size_t t = 0; t < tiles; t++)
        UNROLL
        for (size_t j = 0; j < VECTORS; j++) {
            float *to = m + t * PANEL + j * LANES;
            if (more)
                sum[t][j] += load(to);
            store(to, sum[t][j]);
        }
}

#define CASE(tiles) \
    case tiles: \
        multiply(tiles < TILES ? tiles : TILES, v, v_row, u, m, c, more); \
        break;

/* Those of `tiles` tiles that have the point, in groups of nearly equal size; `more`
   adds to what is in M. */
static void multiply_tiles(const float *v, const float *u, float *m,
                           struct winograd_range have, size_t tiles, size_t c, int more)
{
    const size_t v_row = tiles * LANES;
    size_t groups = (have.last - have.first + TILES - 1) / TILES;
    v += have.first * LANES;
    m += have.first * PANEL;
    for (size_t left = have.last - have.first; left > 0; groups--) {
        const size_t group = left / groups;
        switch (group) {
            CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7)
            CASE(8) CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
        }
        v += group * LANES;
        m += group * PANEL;
        left -= group;
    }
}

#undef CASE
