/* What a native row computes from small integers, to compare it with the scalar row. */

#ifndef TENBIN_TESTS_ROWS_H
#define TENBIN_TESTS_ROWS_H

#include <stddef.h>

#include "../../kernels/native/dispatch.h"

/* Operations of one kind. `compute` returns `count` results of a case in the caller's
   memory, NULL where the row does not fit it; `scalar` names the row to agree with. */
struct operations {
    const char *prefix;
    size_t cases;
    double *(*compute)(const struct kernel *row, size_t number, size_t *count);
    const struct kernel *(*scalar)(const struct kernel *row);
};

extern const struct operations CONVOLUTIONS, PRODUCTS, ADDS, PEAKS, READS, TRIADS;

/* Return the scalar row of that operation and dtype. */
const struct kernel *find_scalar(const char *operation, const char *dtype);

/* Return memory for `bytes` on a cache line, every byte of it 0xff. */
void *memory(size_t bytes);

size_t element_bytes(const char *dtype);

/* Return `count` integers in -3 .. 3. */
void *integers(const char *dtype, size_t count, unsigned seed);

/* Return `count` elements as double, in place of their own memory, which is freed. */
double *doubles(const char *dtype, void *data, size_t count);

#endif
