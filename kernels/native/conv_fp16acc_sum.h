/* Sums in float16, for the study of their error: neither tuned nor for use.

   Included once for each way and ISA, behind

       NAME(part)               a function's name
       STEP                     lanes of a vector of halves, at most FP16ACC_PAD
       HALVES, ZERO_HALVES      a vector of halves, and none
       FMA_HALF(x, w, sum)      x: one half, w: a place; each sum rounded to half
       STORE_HALVES(place, sum) as 16 bits
       CHUNK                    terms that are summed in float16 before their sum goes
                                to float32; 0 for all */

/* Add STEP outputs of one pixel; `w` and `y` are those of the first of them. */
static void NAME(sum)(const struct conv_shape *a, const uint16_t *image, size_t p,
                      size_t q, const uint16_t *w, size_t pitch, float *sum)
{
    const size_t channels = a->c / a->groups;
    uint16_t halves[STEP];
    HALVES part = ZERO_HALVES;
    size_t terms = 0;
    for (size_t tap = 0; tap < a->r * a->s; tap++) {
        const size_t h = p * a->stride_h + tap / a->s * a->dilation_h - a->pad_h;
        const size_t v = q * a->stride_w + tap % a->s * a->dilation_w - a->pad_w;
        if (h >= a->h || v >= a->w) /* in the border: below zero wraps around */
            continue;
        for (size_t c = 0; c < channels; c++) {
            const uint16_t x = image[(h * a->w + v) * a->c + c];
            part = FMA_HALF(x, w + (tap * channels + c) * pitch, part);
            if (CHUNK == 0 || ++terms % (CHUNK ? CHUNK : 1))
                continue;
            STORE_HALVES(halves, part);
            part = ZERO_HALVES;
            for (size_t j = 0; j < STEP; j++)
                sum[j] += widen_f16(halves[j]);
        }
    }
    STORE_HALVES(halves, part);
    for (size_t j = 0; j < STEP; j++)
        sum[j] += widen_f16(halves[j]);
}

static void NAME(run)(const struct conv_shape *a, const uint16_t *x, const void *packed,
                      uint16_t *y, void *scratch, int threads)
{
    const size_t high = conv_out_h(a), wide = conv_out_w(a), k = a->k / a->groups;
    const size_t pitch = fp16acc_pitch(a), rows = a->r * a->s * (a->c / a->groups);
    (void)scratch;
    (void)threads;
#pragma omp parallel for num_threads(threads) if (threads > 1)
    for (size_t i = 0; i < a->n * high * wide; i++) {
        const uint16_t *image = x + i / wide / high * a->h * a->w * a->c;
        for (size_t g = 0; g < a->groups; g++)
            for (size_t first = 0; first < k; first += STEP) {
                float sum[STEP] = {0};
                NAME(sum)(a, image + g * (a->c / a->groups), i / wide % high, i % wide,
                          (const uint16_t *)packed + g * rows * pitch + first, pitch,
                          sum);
                for (size_t j = 0; j < STEP && first + j < k; j++)
                    y[i * a->k + g * k + first + j] = round_f16(sum[j]);
            }
    }
}

const struct conv_algorithm *FP16ACC_GETTER(void)
{
    static const struct conv_algorithm algorithm = {
        fp16acc_fits, fp16acc_packed_bytes, fp16acc_pack, fp16acc_scratch_bytes,
        NAME(run),    CONV_FORWARD};
    return &algorithm;
}
