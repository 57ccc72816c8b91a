/* One element at a time; also the tails of the vector loops.

   float16   1 sign, 5 exponent, 10 fraction bits; bias 15, float32 has 127
   bfloat16  the upper half of a float32 */

#include "add.h"

#include <string.h>

#include "target.h"

#define INFINITY_F32 0x7f800000u
#define QUIET_F16 0x0200u
#define QUIET_BF16 0x0040u

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static uint32_t to_nearest_even(uint32_t bits, unsigned dropped)
{
    const uint32_t half = 1u << (dropped - 1);
    return (bits + half - 1 + ((bits >> dropped) & 1)) >> dropped;
}

static float widen_f16(uint16_t half)
{
    const uint32_t sign = (half & 0x8000u) << 16, rest = (half & 0x7fffu) << 13;
    if (rest >= 0x7c00u << 13)
        return float_of(sign | INFINITY_F32 | rest);
    /* The exponent is 112 too small; the product is exact, subnormal or not. */
    return float_of(sign | bits_of(float_of(rest) * 0x1p112f));
}

static uint16_t round_f16(float value)
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

static float widen_bf16(uint16_t upper)
{
    return float_of((uint32_t)upper << 16);
}

static uint16_t round_bf16(float value)
{
    const uint32_t bits = bits_of(value);
    if ((bits & 0x7fffffffu) > INFINITY_F32)
        return (uint16_t)(bits >> 16 | QUIET_BF16);
    return (uint16_t)to_nearest_even(bits, 16);
}

static float same_f32(float value)
{
    return value;
}

static double same_f64(double value)
{
    return value;
}

#define ADD_SCALAR(name, element, wide, widen, narrow) \
    void name(void *const *out, size_t outputs, const void *const *in, size_t inputs, \
              size_t first, size_t last) \
    { \
        for (size_t i = first; i < last; i++) { \
            element stored; \
            memcpy(&stored, (const element *)in[0] + i, sizeof stored); \
            wide sum = widen(stored); \
            for (size_t k = 1; k < inputs; k++) { \
                memcpy(&stored, (const element *)in[k] + i, sizeof stored); \
                sum += widen(stored); \
            } \
            stored = narrow(sum); \
            for (size_t m = 0; m < outputs; m++) \
                memcpy((element *)out[m] + i, &stored, sizeof stored); \
        } \
    }

ADD_SCALAR(add_f16_scalar, uint16_t, float, widen_f16, round_f16)
ADD_SCALAR(add_bf16_scalar, uint16_t, float, widen_bf16, round_bf16)
ADD_SCALAR(add_f32_scalar, float, float, same_f32, same_f32)
ADD_SCALAR(add_f64_scalar, double, double, same_f64, same_f64)
