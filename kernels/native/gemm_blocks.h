/* What the sources of GEMM by fused multiply-adds share: depths and names. Include it
   before TARGET_BEGIN; it defines no code. */

#ifndef TENBIN_GEMM_BLOCKS_H
#define TENBIN_GEMM_BLOCKS_H

#include "gemm.h"
#include "half.h"
#include "target.h"

#define NAMED_(a, b) a##_##b
#define NAMED(a, b) NAMED_(a, b)

/* kc, and the distance of rows in a packed panel: not a power of two, so that rows lie
   in different sets of the L1. Narrow tiles take hardly longer than memory needs for
   their rows: shallow panels let both go on side by side. The depth of dot products,
   which keep A in no cache: that of rows so long that memory streams them, while the
   panel of B takes 128 KiB of L2. */
#define DEPTH ((size_t)384)
#define NARROW_DEPTH ((size_t)128)
#define A_DEPTH (DEPTH + 16)
#define B_AHEAD 16 /* steps of k */
#define DOT_KC(columns) ((size_t)32768 / (columns))
#define DOT_DEPTH(columns) (DOT_KC(columns) + 16)
#define DOT_AHEAD 2048 /* bytes */
#define A_BYTES (sizeof(float) * (MR * A_DEPTH > DEPTH * A_LANES ? MR * A_DEPTH \
                                                                 : DEPTH * A_LANES))

#endif
