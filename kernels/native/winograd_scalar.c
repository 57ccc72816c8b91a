/* Vectors of one lane, on any CPU. */

#include "winograd.h"

#include <string.h>

#include "half.h"
#include "target.h"
#include "threads.h"

#include "lanes_scalar.h"

#define VECTORS 4
#define TILES 2
#define ISA(stem) stem##_scalar
#include "winograd_all.h"
