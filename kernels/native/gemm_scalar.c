/* One element at a time: the path of every CPU, and what the others are compared with. */

#include "gemm_blocks.h"

#define WIDE float
#define LANES ((size_t)1)
#define ZERO() 0.0f
#define LOAD_WIDE(place) (*(place))
#define STORE_WIDE(place, x) (*(place) = (x))
#define SPREAD(x) (x)
#define FMA(x, y, sum) ((x) * (y) + (sum))
#define ADD_WIDE(x, y) ((x) + (y))
#define SUM(x) (x)
#define TRANSPOSE(x) (void)(x)

#define MR ((size_t)4)
#define A_LANES ((size_t)4)
#define DOT_ROWS8 1
#define NR_WIDE ((size_t)4)
#define NR_NARROW ((size_t)2)

static ALWAYS_INLINE float load_f16(const uint16_t *place, size_t left)
{
    (void)left;
    return widen_f16(*place);
}

static ALWAYS_INLINE void store_f16(uint16_t *place, size_t left, float x)
{
    (void)left;
    *place = round_f16(x);
}

static ALWAYS_INLINE float load_bf16(const uint16_t *place, size_t left)
{
    (void)left;
    return widen_bf16(*place);
}

static ALWAYS_INLINE void store_bf16(uint16_t *place, size_t left, float x)
{
    (void)left;
    *place = round_bf16(x);
}

static ALWAYS_INLINE float load_f32(const float *place, size_t left)
{
    (void)left;
    return *place;
}

static ALWAYS_INLINE void store_f32(float *place, size_t left, float x)
{
    (void)left;
    *place = x;
}

#define ISA(stem) stem##_scalar
#include "gemm_types.h"
