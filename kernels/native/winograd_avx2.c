/* 6 tiles x 16 channels in 12 of 16 registers. */

#include "winograd.h"

#include <string.h>

#include "half.h"
#include "target.h"
#include "threads.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX2)

#define LANES 8
#define VECTORS 2
#define TILES 6
#define ISA(stem) stem##_avx2

typedef __m256 vec;

static inline vec load(const float *from)
{
    return _mm256_load_ps(from);
}

static inline void store(float *to, vec value)
{
    _mm256_store_ps(to, value);
}

static inline vec spread(float value)
{
    return _mm256_set1_ps(value);
}

static inline vec madd(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static inline vec widen_f16s(const uint16_t *from)
{
    return _mm256_cvtph_ps(_mm_loadu_si128((const void *)from));
}

static inline void round_f16s(uint16_t *to, vec value)
{
    _mm_storeu_si128((void *)to, _mm256_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
}

#include "winograd_all.h"

TARGET_END
#endif
