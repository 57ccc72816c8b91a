/* Run every convolution that this CPU has and compare it with the scalar one: for CPUs
   that only an emulator offers. Prints one line for each row; exits 1 beyond a bound.

   Data are integers in -3 .. 3, whose sums are exact in float16; Winograd's fractions are
   not, and may be off by what float32 leaves. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kernels/native/conv.h"
#include "../kernels/native/dispatch.h"
#include "../kernels/native/half.h"

#define LINE ((size_t)64)

static const struct conv_shape SHAPES[] = {
    {2, 5, 9, 7, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {1, 18, 8, 15, 21, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {1, 20, 7, 6, 19, 1, 1, 1, 1, 0, 0, 1, 1, 1},
    {1, 6, 11, 10, 8, 3, 2, 2, 3, 1, 1, 2, 1, 2},
};

static void *memory(size_t bytes)
{
    void *place = aligned_alloc(LINE, (bytes / LINE + 1) * LINE);
    if (!place)
        exit(2);
    memset(place, 0xff, bytes);
    return place;
}

static uint16_t *integers(size_t count, int bfloat, unsigned seed)
{
    uint16_t *to = memory(count * sizeof *to);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525 + 1013904223;
        const float value = (float)(seed >> 24) / 255 * 6 - 3;
        to[i] = bfloat ? round_bf16(roundf(value)) : round_f16(roundf(value));
    }
    return to;
}

/* Return what a row computes, or NULL where the shape does not fit. */
static uint16_t *compute(const struct kernel *row, const struct conv_shape *shape,
                         size_t *count)
{
    const struct conv_algorithm *algorithm = ((conv_getter)row->run)();
    if (!algorithm->fits(shape))
        return NULL;
    const int bfloat = row->dtype[0] == 'b';
    const int back = algorithm->direction == CONV_BACKWARD_DATA;
    const size_t x_items = back ? conv_y_items(shape) : conv_x_items(shape);
    *count = back ? conv_x_items(shape) : conv_y_items(shape);
    uint16_t *x = integers(x_items, bfloat, 1), *weights, *packed;
    if (algorithm->pack) {
        weights = integers(conv_w_items(shape), bfloat, 2);
        packed = memory(algorithm->packed_bytes(shape));
        algorithm->pack(shape, weights, packed);
        free(weights);
    } else {
        packed = integers(conv_y_items(shape), bfloat, 2);
        *count = conv_w_items(shape);
    }
    uint16_t *y = memory(*count * sizeof *y);
    void *scratch = memory(algorithm->scratch_bytes(shape, 1));
    algorithm->run(shape, x, packed, y, scratch, 1);
    free(x);
    free(packed);
    free(scratch);
    return y;
}

static float widen(const struct kernel *row, uint16_t half)
{
    return row->dtype[0] == 'b' ? widen_bf16(half) : widen_f16(half);
}

/* Return the largest difference between a row and the scalar one on all shapes. */
static float farthest(const struct kernel *row)
{
    char error[256];
    const char *name = strstr(row->operation, "backward") ? row->operation
                                                          : "conv_direct";
    const struct kernel *right = dispatch(name, row->dtype, "scalar", error, 256);
    float most = 0;
    for (size_t s = 0; s < sizeof SHAPES / sizeof *SHAPES; s++) {
        size_t count;
        uint16_t *found = compute(row, SHAPES + s, &count);
        if (!found)
            continue;
        uint16_t *wanted = compute(right, SHAPES + s, &count);
        for (size_t i = 0; i < count; i++) {
            const float off = fabsf(widen(row, found[i]) - widen(row, wanted[i]));
            most = off <= most || isnan(most) ? most : off;
        }
        free(found);
        free(wanted);
    }
    return most;
}

int main(void)
{
    int wrong = 0;
    dispatch_fill(NULL);
    const struct kernel *row;
    for (size_t i = 0; (row = dispatch_row(i)); i++) {
        if (strncmp(row->operation, "conv_", 5))
            continue;
        const float off = farthest(row);
        const int bad = !(off <= (strstr(row->operation, "winograd") ? 0x1p-6f : 0));
        printf("%s %s %s: %g%s\n", row->operation, row->dtype, ISA_NAMES[row->isa], off,
               bad ? " WRONG" : "");
        wrong += bad;
    }
    return wrong > 0;
}
