/* 16-byte vectors. */

#include "add.h"
#include "target.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

#include "halves_neon.h"

#define LOAD_F16(place) widen_vector_f16(vld1_u16(place))
#define LOAD_BF16(place) widen_vector_bf16(vld1_u16(place))

#define NAME add_f16_neon
#define REST add_f16_scalar
#define ELEMENT uint16_t
#define LANES 4
#define WIDE float32x4_t
#define NARROW uint16x4_t
#define LOAD LOAD_F16
#define ADD vaddq_f32
#define ROUND round_vector_f16
#define STORE vst1_u16
#include "add_blocks.h"

#define NAME add_bf16_neon
#define REST add_bf16_scalar
#define ELEMENT uint16_t
#define LANES 4
#define WIDE float32x4_t
#define NARROW uint16x4_t
#define LOAD LOAD_BF16
#define ADD vaddq_f32
#define ROUND round_vector_bf16
#define STORE vst1_u16
#include "add_blocks.h"

#define NAME add_f32_neon
#define REST add_f32_scalar
#define ELEMENT float
#define LANES 4
#define WIDE float32x4_t
#define NARROW float32x4_t
#define LOAD vld1q_f32
#define ADD vaddq_f32
#define ROUND
#define STORE vst1q_f32
#include "add_blocks.h"

#define NAME add_f64_neon
#define REST add_f64_scalar
#define ELEMENT double
#define LANES 2
#define WIDE float64x2_t
#define NARROW float64x2_t
#define LOAD vld1q_f64
#define ADD vaddq_f64
#define ROUND
#define STORE vst1q_f64
#include "add_blocks.h"

#endif
