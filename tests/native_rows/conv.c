#include <stdlib.h>
#include <string.h>

#include "../../kernels/native/conv.h"
#include "rows.h"

static const struct conv_shape SHAPES[] = {
    {2, 5, 9, 7, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {1, 18, 8, 15, 21, 3, 3, 1, 1, 1, 1, 1, 1, 1},
    {1, 20, 7, 6, 19, 1, 1, 1, 1, 0, 0, 1, 1, 1},
    {1, 6, 11, 10, 8, 3, 2, 2, 3, 1, 1, 2, 1, 2},
    {1, 17, 5, 9, 37, 3, 3, 1, 1, 1, 1, 1, 1, 1},
};

static double *compute(const struct kernel *row, size_t number, size_t *count)
{
    const struct conv_shape *shape = SHAPES + number;
    const struct conv_algorithm *algorithm = ((conv_getter)row->run)();
    if (!algorithm->fits(shape))
        return NULL;
    const int back = algorithm->direction == CONV_BACKWARD_DATA;
    const size_t x_items = back ? conv_y_items(shape) : conv_x_items(shape);
    *count = back ? conv_x_items(shape) : conv_y_items(shape);
    void *x = integers(row->dtype, x_items, 1), *packed;
    if (algorithm->pack) {
        void *weights = integers(row->dtype, conv_w_items(shape), 2);
        packed = memory(algorithm->packed_bytes(shape));
        algorithm->pack(shape, weights, packed);
        free(weights);
    } else {
        packed = integers(row->dtype, conv_y_items(shape), 2);
        *count = conv_w_items(shape);
    }
    void *y = memory(*count * element_bytes(row->dtype));
    void *scratch = memory(algorithm->scratch_bytes(shape, 1));
    algorithm->run(shape, x, packed, y, scratch, 1);
    free(x);
    free(packed);
    free(scratch);
    return doubles(row->dtype, y, *count);
}

static const struct kernel *scalar(const struct kernel *row)
{
    const int back = strstr(row->operation, "backward") != NULL;
    return find_scalar(back ? row->operation : "conv_direct", row->dtype);
}

const struct operations CONVOLUTIONS = {
    "conv_", sizeof SHAPES / sizeof *SHAPES, compute, scalar};
