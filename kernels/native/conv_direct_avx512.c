#include "conv_direct.h"

#include <string.h>

#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX512)

#include "lanes_avx512.h"

#include "conv_direct_32.h"
#include "half_lanes.h"

#define ISA avx512

#include "conv_direct_types.h"

TARGET_END
#endif
