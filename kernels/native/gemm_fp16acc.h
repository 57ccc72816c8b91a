/* A product whose sums are kept in float16, rounded after every step of k, in order: for
   the study of accuracy. Panels and sums are float32 that hold float16, those of the
   float16 family WIDENED, whose widest kernel it shares but for the tile. Included for
   each ISA, after defining

       WIDENED, GETTER
       MR, NR, LANES, A_LANES    those of that kernel
       WIDE, ZERO, LOAD_WIDE, STORE_WIDE
       HELD, HOLD(float *), SPREAD_HELD(float), FUSED(HELD, HELD, HELD), RELEASE(HELD) */

static ALWAYS_INLINE void chain(size_t k, const float *a, size_t row, size_t step,
                                const float *b, float *c, size_t stride, bool first)
{
    HELD sum[MR][NR / LANES];
    UNROLL
    for (size_t i = 0; i < MR; i++)
        UNROLL
        for (size_t v = 0; v < NR / LANES; v++) {
            float *place = c + i * stride + v * LANES;
            sum[i][v] = first ? SPREAD_HELD(0.0f) : HOLD(place);
        }
    for (size_t p = 0; p < k; p++) {
        HELD y[NR / LANES];
        UNROLL
        for (size_t v = 0; v < NR / LANES; v++)
            y[v] = HOLD(b + v * LANES);
        UNROLL
        for (size_t i = 0; i < MR; i++) {
            const HELD x = SPREAD_HELD(a[i * row]);
            UNROLL
            for (size_t v = 0; v < NR / LANES; v++)
                sum[i][v] = FUSED(x, y[v], sum[i][v]);
        }
        a += step;
        b += NR;
    }
    UNROLL
    for (size_t i = 0; i < MR; i++)
        UNROLL
        for (size_t v = 0; v < NR / LANES; v++)
            RELEASE(c + i * stride + v * LANES, sum[i][v]);
}

static void tile(size_t k, const void *a, bool along, const void *b, void *sums,
                 size_t stride, bool first)
{
    if (along)
        chain(k, a, A_DEPTH, 1, b, sums, stride, first);
    else
        chain(k, a, 1, A_LANES, b, sums, stride, first);
}

const struct gemm_family *GETTER(void)
{
    static struct gemm_kernel kernel;
    static const struct gemm_family family = {&kernel, 1, NULL, 1, true};
    const struct gemm_family *widened = WIDENED();
    struct gemm_kernel mine = widened->kernels[widened->count - 1];
    mine.name = "float16 sums";
    mine.tile = tile;
    kernel = mine;
    return &family;
}
