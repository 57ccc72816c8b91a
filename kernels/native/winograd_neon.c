/* 14 tiles x 8 channels in 28 of 32 registers. */

#include "winograd.h"

#include <string.h>

#include "half.h"
#include "target.h"
#include "threads.h"

#if defined(TENBIN_ARM)
#include <arm_neon.h>

#include "lanes_neon.h"

#define VECTORS 2
#define TILES 14
#define ISA(stem) stem##_neon
#include "winograd_all.h"
#endif
