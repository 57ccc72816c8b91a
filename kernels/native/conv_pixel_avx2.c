#include "conv_pixel.h"

#include <string.h>

#include "half.h"
#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX2)

#include "lanes_avx2.h"

#include "half_lanes.h"

#define ISA avx2
#define VECTORS 2
#include "conv_pixel_plain.h"

#define TYPE f16
#include "conv_pixel_tile.h"
#undef TYPE

#define TYPE bf16
#include "conv_pixel_tile.h"

TARGET_END
#endif
