/* Arithmetic of sizes that all blockings share. */

#ifndef TENBIN_SIZES_H
#define TENBIN_SIZES_H

#include <stddef.h>

static inline size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

static inline size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static inline size_t round_up(size_t a, size_t b)
{
    return ceil_div(a, b) * b;
}

static inline size_t up_to_line(size_t bytes)
{
    return round_up(bytes, 64);
}

#endif
