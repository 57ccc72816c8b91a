/* 14 tiles x 32 channels in 28 of 32 registers. */

#include "winograd.h"

#include <string.h>

#include "half.h"
#include "target.h"
#include "threads.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX512)

#define LANES 16
#define VECTORS 2
#define TILES 14
#define ISA(stem) stem##_avx512

typedef __m512 vec;

static inline vec load(const float *from)
{
    return _mm512_load_ps(from);
}

static inline void store(float *to, vec value)
{
    _mm512_store_ps(to, value);
}

static inline vec spread(float value)
{
    return _mm512_set1_ps(value);
}

static inline vec madd(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

static inline vec widen_f16s(const uint16_t *from)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256((const void *)from));
}

static inline void round_f16s(uint16_t *to, vec value)
{
    _mm256_storeu_si256((void *)to, _mm512_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
}

#include "winograd_all.h"

TARGET_END
#endif
