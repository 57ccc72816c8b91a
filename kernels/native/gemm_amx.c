/* tdpbf16ps: bfloat16 in the matrix unit. Needs AMX-BF16. The instruction takes subnormal
   numbers for zero. */

#include "gemm_blocks.h"

#if defined(TENBIN_AMX)
#include <immintrin.h>

TARGET_BEGIN(AVX512 ",amx-tile,amx-bf16")

#include "gemm_amx.h"

#define TYPE bf16
#define GETTER gemm_dot_bf16_amx
#define SPARE gemm_bf16_avx512
#define DOT DOT_BF16
#include "gemm_amx_tiles.h"

TARGET_END
#endif
