/* One sum at a time, by exact emulation. */

#include "conv_fp16acc.h"

#include <string.h>

#include "fused_scalar.h"
#include "sizes.h"

size_t fp16acc_pitch(const struct conv_shape *a)
{
    return round_up(a->k / a->groups, FP16ACC_PAD);
}

int fp16acc_fits(const struct conv_shape *a)
{
    (void)a;
    return 1;
}

size_t fp16acc_packed_bytes(const struct conv_shape *a)
{
    return a->groups * a->r * a->s * (a->c / a->groups) * fp16acc_pitch(a) *
           sizeof(uint16_t);
}

void fp16acc_pack(const struct conv_shape *a, const uint16_t *weights, void *packed)
{
    const size_t k = a->k / a->groups, rows = a->r * a->s * (a->c / a->groups);
    const size_t pitch = fp16acc_pitch(a);
    uint16_t *to = packed;
    memset(packed, 0, fp16acc_packed_bytes(a));
    for (size_t g = 0; g < a->groups; g++, to += rows * pitch)
        for (size_t i = 0; i < k; i++)
            for (size_t row = 0; row < rows; row++)
                to[row * pitch + i] = weights[(g * k + i) * rows + row];
}

size_t fp16acc_scratch_bytes(const struct conv_shape *a, int threads)
{
    (void)a;
    (void)threads;
    return 0;
}

#define STEP 1
#define HALVES float
#define ZERO_HALVES 0.0f
#define FMA_HALF(x, w, sum) fused(widen_f16(x), widen_f16(*(w)), sum)
#define STORE_HALVES(place, sum) (*(place) = round_f16(sum))

#define NAME(part) all_##part
#define CHUNK 0
#define FP16ACC_GETTER conv_fp16acc_scalar
#include "conv_fp16acc_sum.h"
#undef NAME
#undef CHUNK
#undef FP16ACC_GETTER

#define NAME(part) chunk_##part
#define CHUNK FP16ACC_CHUNK
#define FP16ACC_GETTER conv_fp16chunk_scalar
#include "conv_fp16acc_sum.h"
