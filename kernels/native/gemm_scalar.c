/* One element at a time: the path of every CPU, and what the others are compared with. */

#include "gemm_blocks.h"

#define WIDE float
#define LANES ((size_t)1)
#define ZERO() 0.0f
#define LOAD_WIDE(place) (*(place))
#define STORE_WIDE(place, x) (*(place) = (x))
#define SPREAD(x) (x)
#define FMA(x, y, sum) ((x) * (y) + (sum))
#define ADD_WIDE(x, y) ((x) + (y))
#define SUM(x) (x)
#define TRANSPOSE(x) (void)(x)

#define MR ((size_t)4)
#define A_LANES ((size_t)4)
#define DOT_ROWS8 1
#define NR_WIDE ((size_t)4)
#define NR_NARROW ((size_t)2)

#define TILE tile_wide
#define NR NR_WIDE
#include "gemm_tile.h"

#define TILE tile_narrow
#define NR NR_NARROW
#include "gemm_tile.h"

#define LOAD_ONE(place, left) ((void)(left), WIDEN(*(place)))

#define TYPE f16
#define ELEMENT uint16_t
#define WIDEN widen_f16
#define LOAD LOAD_ONE
#define STORE(place, left, x) ((void)(left), *(place) = round_f16(x))
#define GETTER gemm_f16_scalar
#include "gemm_pack.h"

#define TYPE bf16
#define ELEMENT uint16_t
#define WIDEN widen_bf16
#define LOAD LOAD_ONE
#define STORE(place, left, x) ((void)(left), *(place) = round_bf16(x))
#define GETTER gemm_bf16_scalar
#include "gemm_pack.h"

#define TYPE f32
#define ELEMENT float
#define WIDEN
#define LOAD LOAD_ONE
#define STORE(place, left, x) ((void)(left), *(place) = (x))
#define GETTER gemm_f32_scalar
#include "gemm_pack.h"
