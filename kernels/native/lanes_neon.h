/* Vectors of float32 in NEON, and 16-bit memory. */

#include "halves_neon.h"

#define LANES ((size_t)4)
#define WIDE float32x4_t
#define ZERO vdupq_n_f32(0)
#define LOAD(place) vld1q_f32(place)
#define STORE(place, wide) vst1q_f32(place, wide)
#define STORE_SOME(place, count, wide) \
    do { \
        float all[4]; \
        vst1q_f32(all, wide); \
        memcpy(place, all, (count) * sizeof *all); \
    } while (0)
#define BROADCAST(place) vld1q_dup_f32(place)
#define FMA(a, b, sum) vfmaq_f32(sum, a, b)
#define ADD(a, b) vaddq_f32(a, b)

static inline uint16x4_t load_some(const uint16_t *place, size_t count)
{
    uint16_t all[4] = {0};
    memcpy(all, place, count * sizeof *all);
    return vld1_u16(all);
}

static inline void store_some(uint16_t *place, size_t count, uint16x4_t halves)
{
    uint16_t all[4];
    vst1_u16(all, halves);
    memcpy(place, all, count * sizeof *all);
}

#define LOAD_HALF(place) vld1_u16(place)
#define LOAD_HALF_SOME(place, count) load_some(place, count)
#define STORE_HALF(place, half) vst1_u16(place, half)
#define STORE_HALF_SOME(place, count, half) store_some(place, count, half)
