#include "conv_direct.h"

#include <string.h>

#include "target.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

#include "lanes_neon.h"

#include "conv_direct_32.h"
#include "half_lanes.h"

#define ISA neon

#include "conv_direct_types.h"
#endif
