/* Everything an ISA has: its file defines vectors, then includes this.

       vec, LANES             float32 lanes
       TILES x VECTORS        vectors of sums in registers
       load, store, spread    of float; memory is aligned
       madd(a, b, c)          a b + c
       widen_f16s, round_f16s    LANES stored elements
       ISA(stem)              the names that others see */

#define PANEL (VECTORS * LANES)

#include "winograd_gemm.h"
#include "winograd_points.h"

/* Compilers make vectors of these loops. */
static inline vec widen_bf16s(const uint16_t *from)
{
    float wide[LANES] __attribute__((aligned(64)));
    for (size_t lane = 0; lane < LANES; lane++)
        wide[lane] = widen_bf16(from[lane]);
    return load(wide);
}

static inline void round_bf16s(uint16_t *to, vec value)
{
    float wide[LANES] __attribute__((aligned(64)));
    store(wide, value);
    for (size_t lane = 0; lane < LANES; lane++)
        to[lane] = round_bf16(wide[lane]);
}

/* Wait for the other threads of a block. */
#define TOGETHER(members) \
    if ((members) > 1) { \
        _Pragma("omp barrier") \
    }

/* Call a transform with the m of its axes, and p, as constants where it is often. */
#define CALL(function, tile, ...) \
    if (plan->m == 2) \
        function(2, 2, point_p(2), shape, plan, tile, __VA_ARGS__); \
    else if ((tile).row_outputs == 4 && (tile).column_outputs == 4) \
        function(4, 4, point_p(4), shape, plan, tile, __VA_ARGS__); \
    else \
        function((tile).row_outputs, (tile).column_outputs, point_p(4), shape, plan, \
                 tile, __VA_ARGS__);

/* The algorithm for tiles of m. */
#define DEFINE(m, name) \
    static size_t NAME(packed_bytes_##m)(const struct conv_shape *shape) \
    { \
        const struct winograd_plan plan = winograd_plan(shape, m, LANES, PANEL, 1); \
        return winograd_packed_bytes(&plan); \
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
            winograd_fits, NAME(packed_bytes_##m), NAME(pack_##m), \
            NAME(scratch_bytes_##m), NAME(run_##m), \
            CONV_FORWARD}; \
        return &algorithm; \
    }

#define NAME(stem) stem##_f16
#define WIDEN widen_f16s
#define ROUND round_f16s
#include "winograd_body.h"
DEFINE(2, ISA(conv_winograd2_f16))
DEFINE(4, ISA(conv_winograd4_f16))

#undef NAME
#undef WIDEN
#undef ROUND
#define NAME(stem) stem##_bf16
#define WIDEN widen_bf16s
#define ROUND round_bf16s
#include "winograd_body.h"
DEFINE(2, ISA(conv_winograd2_bf16))
DEFINE(4, ISA(conv_winograd4_bf16))
