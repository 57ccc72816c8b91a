#include "conv_direct.h"

#include "target.h"

#if defined(TENBIN_SVE512)

#include "lanes_sve512.h"

#include "conv_direct_32.h"
#include "half_lanes.h"

#define ISA sve512

#include "conv_direct_types.h"
#endif
