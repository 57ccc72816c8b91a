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

static void interleave(const uint16_t *from, const struct interleaving *it, uint16_t *to)
{
    for (size_t i = 0; i < VECTORS * LANES; i++)
        for (size_t k = 0; k < it->channels; k++)
            *to++ = from[k * VECTORS * LANES + i];
}

#define TYPE f16
#include "conv_pixel_tile.h"
#undef TYPE

#define TYPE bf16
#include "conv_pixel_tile.h"

TARGET_END
#endif
