/* bfloat16 in pairs: one instruction multiplies two and adds both products to a sum. */

#include "conv_direct.h"

#include <string.h>

#include "target.h"

#if defined(TENBIN_AVX512BF16)
#include <immintrin.h>

TARGET_BEGIN(AVX512 ",avx512bf16")

#include "lanes_avx512.h"

#include "conv_direct_32.h"
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

#define TYPE bf16
#include "conv_direct_tile.h"

TARGET_END
#endif
