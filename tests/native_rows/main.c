/* Run every native loop that this CPU has and compare it with the scalar one: for CPUs
   that only an emulator offers. Prints one line for each row; exits 1 beyond a bound.

   Data are integers in -3 .. 3, whose sums are exact in float16; Winograd's fractions are
   not, and may be off by what float32 leaves. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../kernels/native/half.h"
#include "rows.h"

#define LINE ((size_t)64)

static const struct operations *const ALL[] = {
    &CONVOLUTIONS, &PRODUCTS, &ADDS, &PEAKS, &READS, &TRIADS,
};

void *memory(size_t bytes)
{
    void *place = aligned_alloc(LINE, (bytes / LINE + 1) * LINE);
    if (!place)
        exit(2);
    memset(place, 0xff, bytes);
    return place;
}

size_t element_bytes(const char *dtype)
{
    return strstr(dtype, "16") ? 2 : strstr(dtype, "32") ? 4 : 8;
}

void *integers(const char *dtype, size_t count, unsigned seed)
{
    void *data = memory(count * element_bytes(dtype));
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525 + 1013904223;
        const float value = roundf((float)(seed >> 24) / 255 * 6 - 3);
        if (dtype[0] == 'b')
            ((uint16_t *)data)[i] = round_bf16(value);
        else if (dtype[0] == 'u')
            ((uint64_t *)data)[i] = (uint64_t)(value + 3);
        else if (element_bytes(dtype) == 2)
            ((uint16_t *)data)[i] = round_f16(value);
        else if (element_bytes(dtype) == 4)
            ((float *)data)[i] = value;
        else
            ((double *)data)[i] = value;
    }
    return data;
}

double *doubles(const char *dtype, void *data, size_t count)
{
    double *all = memory(count * sizeof *all);
    for (size_t i = 0; i < count; i++)
        if (dtype[0] == 'b')
            all[i] = widen_bf16(((uint16_t *)data)[i]);
        else if (dtype[0] == 'u')
            all[i] = (double)((uint64_t *)data)[i];
        else if (element_bytes(dtype) == 2)
            all[i] = widen_f16(((uint16_t *)data)[i]);
        else if (element_bytes(dtype) == 4)
            all[i] = ((float *)data)[i];
        else
            all[i] = ((double *)data)[i];
    free(data);
    return all;
}

const struct kernel *find_scalar(const char *operation, const char *dtype)
{
    char error[256];
    const struct kernel *row = dispatch(operation, dtype, "scalar", error, sizeof error);
    if (!row)
        exit(2);
    return row;
}

/* Return the largest difference between a row and the scalar one in all cases. */
static double farthest(const struct kernel *row, const struct operations *kind)
{
    const struct kernel *right = kind->scalar(row);
    double most = 0;
    for (size_t number = 0; number < kind->cases; number++) {
        size_t count;
        double *found = kind->compute(row, number, &count);
        if (!found)
            continue;
        double *wanted = kind->compute(right, number, &count);
        for (size_t i = 0; i < count; i++) {
            const double off = fabs(found[i] - wanted[i]);
            most = off <= most || isnan(most) ? most : off;
        }
        free(found);
        free(wanted);
    }
    return most;
}

static const struct operations *kind_of(const struct kernel *row)
{
    for (size_t i = 0; i < sizeof ALL / sizeof *ALL; i++)
        if (strncmp(row->operation, ALL[i]->prefix, strlen(ALL[i]->prefix)) == 0)
            return ALL[i];
    fprintf(stderr, "%s: no case for it\n", row->operation);
    exit(2);
}

int main(void)
{
    int wrong = 0;
    dispatch_fill(NULL);
    const struct kernel *row;
    for (size_t i = 0; (row = dispatch_row(i)); i++) {
        const double off = farthest(row, kind_of(row));
        const int bad = !(off <= (strstr(row->operation, "winograd") ? 0x1p-6 : 0));
        printf("%s %s %s: %g%s\n", row->operation, row->dtype, ISA_NAMES[row->isa], off,
               bad ? " WRONG" : "");
        wrong += bad;
    }
    return wrong > 0;
}
