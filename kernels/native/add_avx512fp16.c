/* vaddph: float16 in, float16 out. Needs AVX512-FP16. Two inputs are rounded once either
   way, and float32 has more than twice the digits, so that the sum is the same; more
   inputs are added in float32. */

#include "add.h"
#include "target.h"

#if defined(TENBIN_AVX512FP16)
#include <immintrin.h>

TARGET_BEGIN(AVX512 ",avx512fp16")

static inline __m512h load(const uint16_t *place)
{
    return _mm512_castsi512_ph(_mm512_loadu_si512(place));
}

static inline void store(uint16_t *place, __m512h stored)
{
    _mm512_storeu_si512(place, _mm512_castph_si512(stored));
}

#define NAME add_two
#define REST add_f16_scalar
#define ELEMENT uint16_t
#define LANES 32
#define WIDE __m512h
#define NARROW __m512h
#define LOAD load
#define ADD _mm512_add_ph
#define ROUND
#define STORE store
static
#include "add_blocks.h"

void add_f16_avx512fp16(void *const *out, size_t outputs, const void *const *in,
                        size_t inputs, size_t first, size_t last)
{
    if (inputs == 2)
        add_two(out, outputs, in, inputs, first, last);
    else
        add_f16_avx512(out, outputs, in, inputs, first, last);
}

TARGET_END
#endif
