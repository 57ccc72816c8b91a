/* Direct convolution of both dtypes: an ISA's file includes its lanes and half_lanes.h,
   defines ISA and the shapes of its tiles (conv_direct_tile.h), then includes this. */

#define HALVES 1
#define ALGORITHMS CONV_DIRECT

#define TYPE f16
#include "conv_direct_tile.h"
#undef TYPE

#define TYPE bf16
#include "conv_direct_tile.h"
