/* Vectors of float32 in SVE of 512 bits, and 16-bit memory. */

#include "halves_sve512.h"

#define LANES ((size_t)16)
#define WIDE f32x16
#define ZERO svdup_n_f32(0)
#define LOAD(place) svld1_f32(EVERY, place)
#define STORE(place, wide) svst1_f32(EVERY, place, wide)
#define STORE_SOME(place, count, wide) svst1_f32(SOME(count), place, wide)
#define BROADCAST(place) svdup_n_f32(*(place))
#define FMA(a, b, sum) svmla_f32_x(EVERY, sum, a, b)
#define ADD(a, b) svadd_f32_x(EVERY, a, b)

#define LOAD_HALF(place) svld1uh_u32(EVERY, place)
#define LOAD_HALF_SOME(place, count) svld1uh_u32(SOME(count), place)
#define STORE_HALF(place, half) svst1h_u32(EVERY, place, half)
#define STORE_HALF_SOME(place, count, half) svst1h_u32(SOME(count), place, half)
