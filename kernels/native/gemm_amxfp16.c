/* tdpfp16ps: float16 in the matrix unit. Needs AMX-FP16. Products are exact, sums are
   float32, one after the other; infinite, NaN and subnormal halves are what they are. */

#include "gemm_blocks.h"

#if defined(TENBIN_AMX)
#include <immintrin.h>

TARGET_BEGIN(AVX512 ",amx-tile,amx-bf16")

#include "gemm_amx.h"

#define TYPE f16
#define GETTER gemm_f16_amxfp16
#define SPARE gemm_f16_avx512
#define DOT DOT_F16
#include "gemm_amx_tiles.h"

TARGET_END
#endif
