/* 14 tiles x 32 channels in 28 of 32 registers. */

#include "winograd.h"

#include <string.h>

#include "half.h"
#include "target.h"
#include "threads.h"

#if defined(TENBIN_SVE512)

#include "lanes_sve512.h"

#define VECTORS 2
#define TILES 14
#define ISA(stem) stem##_sve512
#include "winograd_all.h"
#endif
