#include "conv_direct.h"

#include <string.h>

#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX2)

#include "lanes_avx2.h"

#include "half_lanes.h"

/* 12 sums, 2 weights and 1 input fill 15 of 16 registers; 12, 3 and 1 all. */
#define ISA avx2
#define PIXELS 6
#define MOST_PIXELS 6, 6, 4
#define PIXELS_3(f, v) f(1, v) f(2, v) f(3, v) f(4, v)
#define PIXELS_2(f, v) PIXELS_3(f, v) f(5, v) f(6, v)
#define PIXELS_1(f, v) PIXELS_2(f, v)

#include "conv_direct_types.h"

TARGET_END
#endif
