#include "conv_direct.h"

#include <string.h>

#include "target.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

#include "lanes_neon.h"

#include "conv_direct_32.h"
#include "half_lanes.h"

#define ISA neon
#define HALVES 1
#define ALGORITHMS CONV_DIRECT

#define TYPE f16
#include "conv_direct_tile.h"
#undef TYPE

#define TYPE bf16
#include "conv_direct_tile.h"
#endif
