/* Two bytes and float32, one element at a time, by integer arithmetic.

   float16   1 sign, 5 exponent, 10 fraction bits; bias 15, float32 has 127
   bfloat16  the upper half of a float32

   Rounded to nearest even; a NaN stays one, and becomes quiet. */

#ifndef TENBIN_HALF_H
#define TENBIN_HALF_H

#include <stdint.h>
#include <string.h>

#define INFINITY_F32 0x7f800000u
#define QUIET_F16 0x0200u
#define QUIET_BF16 0x0040u

static inline float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline uint32_t to_nearest_even(uint32_t bits, unsigned dropped)
{
    const uint32_t half = 1u << (dropped - 1);
    return (bits + half - 1 + ((bits >> dropped) & 1)) >> dropped;
}

static inline float widen_f16(uint16_t half)
{
    const uint32_t sign = (half & 0x8000u) << 16, rest = (half & 0x7fffu) << 13;
    if (rest >= 0x7c00u << 13)
        return float_of(sign | INFINITY_F32 | rest);
    /* The exponent is 112 too small; the product is exact, subnormal or not. */
    return float_of(sign | bits_of(float_of(rest) * 0x1p112f));
}

static inline uint16_t round_f16(float value)
{
    const uint32_t bits = bits_of(value), magnitude = bits & 0x7fffffffu;
    const uint32_t sign = bits >> 16 & 0x8000u;
    if (magnitude > INFINITY_F32)
        return (uint16_t)(sign | 0x7c00u | QUIET_F16 | (magnitude >> 13 & 0x3ffu));
    if (magnitude >= bits_of(65520.0f)) /* half way from the largest to the next */
        return (uint16_t)(sign | 0x7c00u);
    if (magnitude < bits_of(0x1p-14f)) /* subnormal: let 0.5 + x round at 2^-24 */
        return (uint16_t)(sign | (bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f)));
    return (uint16_t)(sign | (to_nearest_even(magnitude, 13) - (112u << 10)));
}

static inline float widen_bf16(uint16_t upper)
{
    return float_of((uint32_t)upper << 16);
}

static inline uint16_t round_bf16(float value)
{
    const uint32_t bits = bits_of(value);
    if ((bits & 0x7fffffffu) > INFINITY_F32)
        return (uint16_t)(bits >> 16 | QUIET_BF16);
    return (uint16_t)to_nearest_even(bits, 16);
}

#endif
