/* Everything an ISA has: its file includes a header of lanes, then this, and defines

       TILES x VECTORS    vectors of sums in registers
       ISA(stem)          the names that others see */

#include "half_lanes.h"

#define PANEL (VECTORS * LANES)

typedef WIDE vec;

/* Memory of float is aligned. */
static inline vec load(const float *from)
{
    return LOAD(from);
}

static inline void store(float *to, vec value)
{
    STORE(to, value);
}

static inline vec spread(float value)
{
    return BROADCAST(&value);
}

static inline vec madd(vec a, vec b, vec c)
{
    return FMA(a, b, c);
}

typedef vec square_of_vectors[WINOGRAD_MOST][WINOGRAD_MOST];

#include "winograd_gemm.h"
#include "winograd_points.h"

/* Wait for the other threads of a block. */
#define TOGETHER(members) \
    if ((members) > 1) { \
        _Pragma("omp barrier") \
    }

/* Do what follows with constants: `most` points of whole tiles, `n` of this one. */
#define POINTS(of_whole, of_this, ...) \
    case (of_whole) * 16 + (of_this): { \
        const size_t most = of_whole, n = of_this; \
        __VA_ARGS__ \
        break; \
    }
#define WITH_POINTS(of_whole, of_this, ...) \
    switch ((of_whole) * 16 + (of_this)) { \
        POINTS(4, 4, __VA_ARGS__) \
        POINTS(6, 4, __VA_ARGS__) \
        POINTS(6, 5, __VA_ARGS__) \
        POINTS(6, 6, __VA_ARGS__) \
        POINTS(8, 4, __VA_ARGS__) \
        POINTS(8, 5, __VA_ARGS__) \
        POINTS(8, 6, __VA_ARGS__) \
        POINTS(8, 7, __VA_ARGS__) \
        POINTS(8, 8, __VA_ARGS__) \
    }

/* The algorithm for tiles of m. */
#define DEFINE(m, name) \
    static int NAME(fits_##m)(const struct conv_shape *shape) \
    { \
        return winograd_fits(shape, m); \
    } \
    static size_t NAME(packed_bytes_##m)(const struct conv_shape *shape) \
    { \
        const struct winograd_plan plan = winograd_plan(shape, m, LANES, PANEL, 1); \
        return winograd_packed_bytes(shape, &plan); \
    } \
    static void NAME(pack_##m)(const struct conv_shape *shape, \
                               const uint16_t *weights, void *packed) \
    { \
        const struct winograd_plan plan = winograd_plan(shape, m, LANES, PANEL, 1); \
        winograd_pack(shape, &plan, PANEL, weights, packed); \
    } \
    static size_t NAME(scratch_bytes_##m)(const struct conv_shape *shape, int threads) \
    { \
        const struct winograd_plan plan = \
            winograd_plan(shape, m, LANES, PANEL, threads); \
        return winograd_scratch_bytes(&plan, threads); \
    } \
    static void NAME(run_##m)(const struct conv_shape *shape, const uint16_t *x, \
                              const void *packed, uint16_t *y, void *scratch, \
                              int threads) \
    { \
        NAME(run)(shape, m, x, packed, y, scratch, threads); \
    } \
    const struct conv_algorithm *name(void) \
    { \
        static const struct conv_algorithm algorithm = { \
            NAME(fits_##m), NAME(packed_bytes_##m), NAME(pack_##m), \
            NAME(scratch_bytes_##m), NAME(run_##m), \
            CONV_FORWARD}; \
        return &algorithm; \
    }

#define TYPE f16
#include "winograd_body.h"
DEFINE(2, ISA(conv_winograd2_f16))
DEFINE(4, ISA(conv_winograd4_f16))
DEFINE(6, ISA(conv_winograd6_f16))
#undef TYPE

#define TYPE bf16
#include "winograd_body.h"
DEFINE(2, ISA(conv_winograd2_bf16))
DEFINE(4, ISA(conv_winograd4_bf16))
DEFINE(6, ISA(conv_winograd6_bf16))
