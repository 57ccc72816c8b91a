/* fmla on 512-bit registers: float16 is a part of SVE. Bound: the FMA pipes. */

#include "fma.h"
#include "target.h"

#if defined(TENBIN_SVE512)

#include "halves_sve512.h"

#define CHAINS 24 /* 2 pipes x latency 9 of the A64FX; 25 of the 32 registers */

#define START_SUM (CHAINS * (CHAINS - 1) / 2)

/* A lane of float16 counts exactly up to 2048. */
#define FMA_PEAK(type, element, vector, lanes) \
    double fma_##type##_sve512(size_t steps, double one) \
    { \
        const vector unit = svdup_n_##type((element)one); \
        vector chain[CHAINS]; \
        UNROLL \
        for (int i = 0; i < CHAINS; i++) \
            chain[i] = svdup_n_##type((element)(i * one)); \
        for (size_t step = 0; step < steps; step++) \
            UNROLL \
            for (int i = 0; i < CHAINS; i++) \
                chain[i] = svmla_##type##_x(EVERY, chain[i], unit, unit); \
        element counts[CHAINS * lanes]; \
        UNROLL \
        for (int i = 0; i < CHAINS; i++) \
            svst1_##type(EVERY, counts + i * lanes, chain[i]); \
        double sum = 0.0; \
        for (int i = 0; i < CHAINS * lanes; i++) \
            sum += (double)counts[i]; \
        return sum - lanes * START_SUM; \
    }

FMA_PEAK(f16, float16_t, f16x32, 32)
FMA_PEAK(f32, float, f32x16, 16)
FMA_PEAK(f64, double, f64x8, 8)
#endif
