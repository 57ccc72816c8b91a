/* The loops over arrays, and the one over registers. */

#include <stdlib.h>

#include "../../kernels/native/add.h"
#include "../../kernels/native/fma.h"
#include "../../kernels/native/stream.h"
#include "rows.h"

#define WORDS (3 * BLOCK_BYTES / sizeof(uint64_t))
#define ITEMS ((size_t)700)

static const struct kernel *same(const struct kernel *row)
{
    return find_scalar(row->operation, row->dtype);
}

/* Three arrays into each of two; what is around the sums stays. */
static double *add(const struct kernel *row, size_t number, size_t *count)
{
    void *in[3], *out[2];
    for (unsigned i = 0; i < 3; i++)
        in[i] = integers(row->dtype, ITEMS, i);
    for (size_t i = 0; i < 2; i++)
        out[i] = integers(row->dtype, ITEMS, 3);
    ((add_loop)row->run)(out, 2, (const void *const *)in, 3, 3, ITEMS - 5);
    for (size_t i = 0; i < 3; i++)
        free(in[i]);
    free(out[1 - number]);
    *count = ITEMS;
    return doubles(row->dtype, out[number], ITEMS);
}

const struct operations ADDS = {"add", 2, add, same};

/* How many times the work of one step that of many is: the same on every ISA. */
static double *peak(const struct kernel *row, size_t number, size_t *count)
{
    const fma_loop loop = (fma_loop)row->run;
    double *times = memory(sizeof *times);
    *times = loop(1000 * (number + 1) - 1, 1.0) / loop(1, 1.0);
    *count = 1;
    return times;
}

static const struct kernel *plain(const struct kernel *row)
{
    return find_scalar(row->operation, "float32");
}

const struct operations PEAKS = {"fma", 2, peak, plain};

static double *read_all(const struct kernel *row, size_t number, size_t *count)
{
    uint64_t *words = integers(row->dtype, WORDS, 1), *sum = memory(sizeof *sum);
    *sum = ((read_loop)row->run)(words, WORDS, number + 1);
    *count = 1;
    free(words);
    return doubles(row->dtype, sum, 1);
}

const struct operations READS = {"read", 2, read_all, same};

static double *triad(const struct kernel *row, size_t number, size_t *count)
{
    double *a = memory(WORDS * sizeof *a);
    double *b = integers(row->dtype, WORDS, 1), *c = integers(row->dtype, WORDS, 2);
    ((triad_loop)row->run)(a, b, c, 3.0, WORDS, number + 1);
    *count = WORDS;
    free(b);
    free(c);
    return a;
}

const struct operations TRIADS = {"triad", 2, triad, same};
