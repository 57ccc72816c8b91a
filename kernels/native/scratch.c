#include "scratch.h"

#include <stdlib.h>

#define PAGE ((size_t)4096)

static struct scratch kept;

struct scratch scratch_take(size_t bytes)
{
    struct scratch taken = kept;
    if (taken.place && taken.bytes >= bytes) {
        kept = (struct scratch){NULL, 0};
        return taken;
    }
    taken.bytes = (bytes + PAGE) / PAGE * PAGE;
    taken.place = aligned_alloc(PAGE, taken.bytes);
    return taken;
}

void scratch_return(struct scratch scratch)
{
    const struct scratch other = kept;
    const int larger = other.place && other.bytes > scratch.bytes;
    kept = larger ? other : scratch;
    free(larger ? scratch.place : other.place);
}
