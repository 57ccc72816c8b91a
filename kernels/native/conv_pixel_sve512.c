#include "conv_pixel.h"

#include "half.h"
#include "target.h"

#if defined(TENBIN_SVE512)

#include "lanes_sve512.h"

#include "half_lanes.h"

#define ISA sve512
#define ROWS 14
#define WHERE u32x16
#define SPREAD(x, lane) svtbl_f32(LOAD(x), lane)

static inline u32x16 where(const int32_t *lane)
{
    return svreinterpret_u32_s32(svld1_s32(EVERY, lane));
}

#define TYPE f16
#include "conv_pixel_tile.h"
#undef TYPE

#define TYPE bf16
#include "conv_pixel_tile.h"
#endif
