/* One sum at a time, by exact emulation. */

#include "fused_scalar.h"
#include "gemm_blocks.h"

#define MR ((size_t)4)
#define A_LANES ((size_t)4)
#define NR ((size_t)4)
#define LANES ((size_t)1)

#define WIDENED gemm_f16_scalar
#define GETTER gemm_fp16acc_scalar
#define HELD float
#define HOLD(place) (*(place))
#define SPREAD_HELD(x) (x)
#define FUSED fused
#define RELEASE(place, sum) (*(place) = (sum))
#include "gemm_fp16acc.h"
