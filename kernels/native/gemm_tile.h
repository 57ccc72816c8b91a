/* A register tile of fused multiply-adds; included for each width, after defining

       TILE             the function
       MR, NR           rows and columns; NR = VECTORS * LANES
       WIDE, LANES, ZERO, LOAD_WIDE, STORE_WIDE, SPREAD(float), FMA, ADD_WIDE

       a, along k   row r of the panel at r A_DEPTH            b   (k, NR)
       a, across    (k, A_LANES), of which MR are used
       per step of k: VECTORS loads, MR broadcasts, MR VECTORS multiply-adds

   A sum over kc products starts from zero, so that rounding errors grow with
   sqrt(kc) + sqrt(k / kc) rather than sqrt(k). */

static ALWAYS_INLINE void NAMED(TILE, strided)(size_t k, const float *a, size_t row,
                                               size_t step, const float *b, float *c,
                                               size_t stride, bool first)
{
    WIDE sum[MR][NR / LANES];
    UNROLL
    for (size_t i = 0; i < MR; i++)
        UNROLL
        for (size_t v = 0; v < NR / LANES; v++)
            sum[i][v] = ZERO();
    for (size_t p = 0; p < k; p++) {
        WIDE y[NR / LANES];
        UNROLL
        for (size_t v = 0; v < NR / LANES; v++)
            y[v] = LOAD_WIDE(b + v * LANES);
        UNROLL
        for (size_t i = 0; i < MR; i++) {
            const WIDE x = SPREAD(a[i * row]);
            UNROLL
            for (size_t v = 0; v < NR / LANES; v++)
                sum[i][v] = FMA(x, y[v], sum[i][v]);
        }
        for (size_t j = 0; j < NR; j += 16) /* from the L2, a line at a time */
            __builtin_prefetch(b + B_AHEAD * NR + j);
        a += step;
        b += NR;
    }
    UNROLL
    for (size_t i = 0; i < MR; i++)
        UNROLL
        for (size_t v = 0; v < NR / LANES; v++) {
            float *place = c + i * stride + v * LANES;
            if (!first)
                sum[i][v] = ADD_WIDE(sum[i][v], LOAD_WIDE(place));
            STORE_WIDE(place, sum[i][v]);
        }
}

static void TILE(size_t k, const void *a, bool along, const void *b, void *c,
                 size_t stride, bool first)
{
    if (along)
        NAMED(TILE, strided)(k, a, A_DEPTH, 1, b, c, stride, first);
    else
        NAMED(TILE, strided)(k, a, 1, A_LANES, b, c, stride, first);
}

#undef TILE
#undef NR
