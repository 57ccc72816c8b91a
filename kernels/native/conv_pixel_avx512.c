#include "conv_pixel.h"

#include <string.h>

#include "half.h"
#include "target.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX512)

#include "lanes_avx512.h"

#include "half_lanes.h"

#define ISA avx512
#define VECTORS 4

/* One permutation under a mask for each channel of each vector. */
static void interleave(const uint16_t *from, const struct interleaving *it, uint16_t *to)
{
    for (size_t half = 0; half < 2; half++, from += 32)
        for (size_t o = 0; o < it->channels; o++, to += 32) {
            const __m512i at = _mm512_loadu_si512(it->pixel[o]);
            __m512i all = _mm512_setzero_si512();
            for (size_t k = 0; k < it->channels; k++)
                all = _mm512_mask_permutexvar_epi16(
                    all, it->mask[o][k], at,
                    _mm512_loadu_si512(from + k * VECTORS * LANES));
            _mm512_storeu_si512(to, all);
        }
}

#define TYPE f16
#include "conv_pixel_tile.h"
#undef TYPE

#define TYPE bf16
#include "conv_pixel_tile.h"

TARGET_END
#endif
