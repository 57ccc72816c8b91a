/* bfloat16 in pairs: one instruction multiplies two and adds both products to a sum. */

#include "conv_direct.h"

#include <string.h>

#include "target.h"

#if defined(TENBIN_AVX512BF16)
#include <immintrin.h>

TARGET_BEGIN(AVX512 ",avx512bf16")

#include "lanes_avx512.h"

#include "half_lanes.h"

/* Pairs stay as they are; only sums are float32. */
#undef FMA
#undef WIDEN
#undef WIDEN_SOME
#define FMA(a, b, sum) _mm512_dpbf16_ps(sum, (__m512bh)(a), (__m512bh)(b))
#define WIDEN(place) LOAD((const float *)(const void *)(place))
#define WIDEN_SOME(place, count) _mm512_maskz_loadu_ps(SOME(count), place)

#define ISA avx512bf16
#define HALVES 2
#define ALGORITHMS CONV_DOT
#define PIXELS 14
#define MOST_PIXELS 14, 14, 9
#define PIXELS_3(f, v) \
    f(1, v) f(2, v) f(3, v) f(4, v) f(5, v) f(6, v) f(7, v) f(8, v) f(9, v)
#define PIXELS_2(f, v) PIXELS_3(f, v) f(10, v) f(11, v) f(12, v) f(13, v) f(14, v)
#define PIXELS_1(f, v) PIXELS_2(f, v)

#define TYPE bf16
#include "conv_direct_tile.h"

TARGET_END
#endif
