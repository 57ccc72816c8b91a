#include <stdlib.h>
#include <string.h>

#include "../../kernels/native/gemm.h"
#include "rows.h"

static const struct gemm_shape SHAPES[] = {
    {9, 1, 70}, {5, 2, 33}, {13, 4, 50}, {11, 8, 19}, {37, 24, 45}, {30, 70, 40},
};

/* Rows side by side, or columns. */
static struct gemm_matrix matrix(const void *data, size_t rows, size_t columns,
                                 int turned)
{
    if (turned)
        return (struct gemm_matrix){data, 1, rows};
    return (struct gemm_matrix){data, columns, 1};
}

/* Every shape comes with each order of A, B and C. */
static double *compute(const struct kernel *row, size_t number, size_t *count)
{
    const struct gemm_shape shape = SHAPES[number / 8];
    const size_t m = shape.m, n = shape.n, k = shape.k;
    *count = m * n;
    void *a = integers(row->dtype, m * k, 1), *b = integers(row->dtype, k * n, 2);
    void *c = memory(m * n * element_bytes(row->dtype));
    const struct gemm_product product = {shape, matrix(a, m, k, number & 1),
                                         matrix(b, k, n, number & 2),
                                         matrix(c, m, n, number & 4)};
    const struct gemm_family *family = ((gemm_getter)row->run)();
    const struct gemm_plan plan = gemm_plan(family, &product, 1);
    void *scratch = memory(plan.scratch_bytes);
    if (!gemm_run(&plan, scratch))
        exit(2);
    free(a);
    free(b);
    free(scratch);
    return doubles(row->dtype, c, *count);
}

static const struct kernel *scalar(const struct kernel *row)
{
    const int dot = strcmp(row->operation, "gemm_dot") == 0;
    return find_scalar(dot ? "gemm" : row->operation, row->dtype);
}

const struct operations PRODUCTS = {
    "gemm", 8 * (sizeof SHAPES / sizeof *SHAPES), compute, scalar};
