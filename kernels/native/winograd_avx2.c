/* 6 tiles x 16 channels in 12 of 16 registers. */

#include "winograd.h"

#include <string.h>

#include "half.h"
#include "target.h"
#include "threads.h"

#if defined(TENBIN_X86)
#include <immintrin.h>

TARGET_BEGIN(AVX2)

#include "lanes_avx2.h"

#define VECTORS 2
#define TILES 6
#define ISA(stem) stem##_avx2
#include "winograd_all.h"

TARGET_END
#endif
