#include "conv_pixel.h"

#include <string.h>

#include "half.h"
#include "target.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

#include "lanes_neon.h"

#include "half_lanes.h"

#define ISA neon
#define ROWS 14
#define WHERE uint8x16_t
#define SPREAD(x, lane) \
    vreinterpretq_f32_u8(vqtbl1q_u8(vreinterpretq_u8_f32(LOAD(x)), lane))

/* The four bytes of each lane. */
static inline uint8x16_t where(const int32_t *lane)
{
    uint8_t bytes[16];
    for (size_t i = 0; i < 16; i++)
        bytes[i] = (uint8_t)(4 * lane[i / 4] + i % 4);
    return vld1q_u8(bytes);
}

#define TYPE f16
#include "conv_pixel_tile.h"
#undef TYPE

#define TYPE bf16
#include "conv_pixel_tile.h"
#endif
