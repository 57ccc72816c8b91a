/* 64-byte vectors. */

#include "add.h"
#include "target.h"

#if defined(TENBIN_SVE512)

#include "halves_sve512.h"

#define LOAD_HALF(place) svld1uh_u32(EVERY, place)
#define STORE_HALF(place, half) svst1h_u32(EVERY, place, half)

#define NAME add_f16_sve512
#define REST add_f16_scalar
#define ELEMENT uint16_t
#define LANES 16
#define WIDE f32x16
#define NARROW u32x16
#define LOAD(place) widen_vector_f16(LOAD_HALF(place))
#define ADD(x, y) svadd_f32_x(EVERY, x, y)
#define ROUND round_vector_f16
#define STORE STORE_HALF
#include "add_blocks.h"

#define NAME add_bf16_sve512
#define REST add_bf16_scalar
#define ELEMENT uint16_t
#define LANES 16
#define WIDE f32x16
#define NARROW u32x16
#define LOAD(place) widen_vector_bf16(LOAD_HALF(place))
#define ADD(x, y) svadd_f32_x(EVERY, x, y)
#define ROUND round_vector_bf16
#define STORE STORE_HALF
#include "add_blocks.h"

#define NAME add_f32_sve512
#define REST add_f32_scalar
#define ELEMENT float
#define LANES 16
#define WIDE f32x16
#define NARROW f32x16
#define LOAD(place) svld1_f32(EVERY, place)
#define ADD(x, y) svadd_f32_x(EVERY, x, y)
#define ROUND
#define STORE(place, wide) svst1_f32(EVERY, place, wide)
#include "add_blocks.h"

#define NAME add_f64_sve512
#define REST add_f64_scalar
#define ELEMENT double
#define LANES 8
#define WIDE f64x8
#define NARROW f64x8
#define LOAD(place) svld1_f64(EVERY, place)
#define ADD(x, y) svadd_f64_x(EVERY, x, y)
#define ROUND
#define STORE(place, wide) svst1_f64(EVERY, place, wide)
#include "add_blocks.h"
#endif
