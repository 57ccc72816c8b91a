/* Everything an ISA has: its file includes gemm_blocks.h, then this, and defines what
   gemm_tile.h and gemm_pack.h ask but for what is here, and

       NR_WIDE, NR_NARROW          columns of the two tiles
       load_f16(place, left) ...   LOAD and STORE of f16, bf16 and f32
       ISA(stem)                   the names that others see */

#define TILE tile_wide
#define NR NR_WIDE
#include "gemm_tile.h"

#define TILE tile_narrow
#define NR NR_NARROW
#include "gemm_tile.h"

#define TYPE f16
#define ELEMENT uint16_t
#define WIDEN widen_f16
#define LOAD load_f16
#define STORE store_f16
#define GETTER ISA(gemm_f16)
#include "gemm_pack.h"

#define TYPE bf16
#define ELEMENT uint16_t
#define WIDEN widen_bf16
#define LOAD load_bf16
#define STORE store_bf16
#define GETTER ISA(gemm_bf16)
#include "gemm_pack.h"

#define TYPE f32
#define ELEMENT float
#define WIDEN
#define LOAD load_f32
#define STORE store_f32
#define GETTER ISA(gemm_f32)
#include "gemm_pack.h"
