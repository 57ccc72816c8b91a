#include "conv_pixel.h"

#include <string.h>

#include "half.h"
#include "target.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

#include "lanes_neon.h"

#include "half_lanes.h"

#define ISA neon
#define VECTORS 4
#include "conv_pixel_plain.h"

#define TYPE f16
#include "conv_pixel_tile.h"
#undef TYPE

#define TYPE bf16
#include "conv_pixel_tile.h"
#endif
