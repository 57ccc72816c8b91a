/* A tile of dot products that reads A where it is: for few columns. Included for each
   width and type, after defining

       DOT           the function
       ROWS, NR      of the tile
       ELEMENT, WIDE, LANES, ZERO, LOAD(place, count), LOAD_WIDE, FMA, SUM(WIDE)

       a   ROWS lines, where they are            b   column j of the panel at j DOT_DEPTH
       per LANES steps of k: ROWS conversions, NR loads, ROWS NR multiply-adds */

static ALWAYS_INLINE void NAMED(DOT, rows)(const struct gemm_lines *lines, size_t rows,
                                           const float *b, float *c, size_t stride,
                                           bool first)
{
    const ELEMENT *a = lines->data;
    WIDE sum[ROWS][NR];
    UNROLL
    for (size_t i = 0; i < ROWS; i++)
        UNROLL
        for (size_t j = 0; j < NR; j++)
            sum[i][j] = ZERO();
    for (size_t p = 0; p < lines->k; p += LANES) {
        const size_t left = lines->k - p;
        UNROLL
        for (size_t i = 0; i < ROWS; i++) {
            if (i >= rows)
                break;
            const ELEMENT *place = a + i * lines->line + p;
            __builtin_prefetch((const char *)place + DOT_AHEAD);
            const WIDE x = LOAD(place, left);
            UNROLL
            for (size_t j = 0; j < NR; j++)
                sum[i][j] = FMA(x, LOAD_WIDE(b + j * DOT_DEPTH(NR) + p), sum[i][j]);
        }
    }
    UNROLL
    for (size_t i = 0; i < ROWS; i++)
        UNROLL
        for (size_t j = 0; j < NR; j++) {
            if (i >= rows)
                break;
            const float dot = SUM(sum[i][j]);
            c[i * stride + j] = first ? dot : dot + c[i * stride + j];
        }
}

static void DOT(size_t k, const void *a, bool along, const void *b, void *c,
                size_t stride, bool first)
{
    const struct gemm_lines *lines = a;
    (void)k, (void)along;
    if (lines->count >= ROWS)
        NAMED(DOT, rows)(lines, ROWS, b, c, stride, first);
    else
        for (size_t i = 0; i < lines->count; i++) {
            struct gemm_lines one = *lines;
            one.data = (const ELEMENT *)lines->data + i * lines->line;
            NAMED(DOT, rows)(&one, 1, b, (float *)c + i * stride, stride, first);
        }
}

#undef DOT
#undef NR
