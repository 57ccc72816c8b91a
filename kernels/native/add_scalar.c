/* One element at a time; also the tails of the vector loops. */

#include "add.h"

#include <string.h>

#include "half.h"

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
