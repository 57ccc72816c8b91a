#include "conv_pixel.h"

#include <string.h>

#include "half.h"
#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX512)

#include "lanes_avx512.h"

#include "half_lanes.h"

#define ISA avx512
#define ROWS 14
#define WHERE __m512i
#define SPREAD(x, lane) _mm512_permutexvar_ps(lane, LOAD(x))

static inline __m512i where(const int32_t *lane)
{
    return _mm512_loadu_si512(lane);
}

#define TYPE f16
#include "conv_pixel_tile.h"
#undef TYPE

#define TYPE bf16
#include "conv_pixel_tile.h"

TARGET_END
#endif
