/* One block of memory that is kept for the next call, so that a timed run gets no new
   pages. Call both functions with the interpreter's lock held. */

#ifndef TENBIN_SCRATCH_H
#define TENBIN_SCRATCH_H

#include <stddef.h>

struct scratch {
    void *place; /* starts on a page; NULL without memory */
    size_t bytes;
};

/* Return at least `bytes` bytes. Who comes while another computes gets their own. */
struct scratch scratch_take(size_t bytes);

/* Keep it for the next call, or free it where a larger one is kept. */
void scratch_return(struct scratch scratch);

#endif
