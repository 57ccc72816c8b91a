/* 14 tiles x 32 channels in 28 of 32 registers. */

#include "winograd.h"

#include <string.h>

#include "half.h"
#include "target.h"
#include "threads.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX512)

#include "lanes_avx512.h"

#define VECTORS 2
#define TILES 14
#define ISA(stem) stem##_avx512
#include "winograd_all.h"

TARGET_END
#endif
