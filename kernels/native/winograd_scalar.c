/* Vectors of one lane, on any CPU. */

#include "winograd.h"

#include <string.h>

#include "half.h"
#include "target.h"
#include "threads.h"

#define LANES 1
#define VECTORS 4
#define TILES 2
#define ISA(stem) stem##_scalar

typedef float vec;

static inline vec load(const float *from)
{
    return *from;
}

static inline void store(float *to, vec value)
{
    *to = value;
}

static inline vec spread(float value)
{
    return value;
}

static inline vec madd(vec a, vec b, vec c)
{
    return a * b + c;
}

static inline vec widen_f16s(const uint16_t *from)
{
    return widen_f16(*from);
}

static inline void round_f16s(uint16_t *to, vec value)
{
    *to = round_f16(value);
}

#include "winograd_all.h"
