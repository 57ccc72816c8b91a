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
#define ROWS 11
#define WHERE __m256i
#define SPREAD(x, lane) _mm256_permutevar8x32_ps(LOAD(x), lane)

static inline __m256i where(const int32_t *lane)
{
    return _mm256_loadu_si256((const __m256i *)lane);
}

#define TYPE f16
#include "conv_pixel_tile.h"
#undef TYPE

#define TYPE bf16
#include "conv_pixel_tile.h"

TARGET_END
#endif
