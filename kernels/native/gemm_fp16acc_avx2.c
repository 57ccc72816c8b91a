/* Eight sums at a time, by exact emulation. Needs AVX2, FMA and F16C. */

#include "gemm_blocks.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX2)

#define MR ((size_t)6)
#define A_LANES ((size_t)8)
#define NR ((size_t)16)
#define LANES ((size_t)8)

#include "fused_avx2.h"

#define WIDENED gemm_f16_avx2
#define GETTER gemm_fp16acc_avx2
#define HELD __m256
#define HOLD _mm256_loadu_ps
#define SPREAD_HELD _mm256_set1_ps
#define FUSED fused
#define RELEASE _mm256_storeu_ps
#include "gemm_fp16acc.h"

TARGET_END
#endif
