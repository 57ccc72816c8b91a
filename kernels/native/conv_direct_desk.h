/* What a thread has before it: the window of a rectangle, and the taps and runs of
   outputs that see it. */

#ifndef TENBIN_CONV_DIRECT_DESK_H
#define TENBIN_CONV_DIRECT_DESK_H

#include "conv_direct_cut.h"

/* One thread's place and the rectangle that lies in it. */
struct conv_desk {
    const struct conv_engine *engine;
    const struct conv_view *a;
    const struct conv_cut *cut;
    float *x, *sums;
    const uint16_t *panel; /* the packed weights of a chunk */
    struct conv_tap *taps;
    struct conv_run *runs;
    size_t tap_count, listed_s, listed_s_end; /* of the row, in `taps` */
    uintptr_t ahead;                          /* the weights behind the panel, */
    size_t ahead_step;                        /* which a step asks for */
    size_t width;                             /* of the output block */
    size_t p, q, p_end, q_end;                /* outputs */
    size_t h, w, rows, cols;                  /* of x in the window: first, how many */
};

/* Widen the window of the rectangle: [block][row][col][channel]. */
void conv_desk_load(struct conv_desk *desk, const uint16_t *image, size_t group);

/* List the taps of columns `s` .. `s_end` - 1 of row `p`, as the rectangle's first
   output sees them: where it is left of the image, the place wraps around. */
void conv_desk_list(struct conv_desk *desk, size_t chunk, size_t p, size_t s,
                    size_t s_end);

/* Find for every tap the outputs that see the image under it. */
void conv_view_runs(const struct conv_view *view, struct conv_run *runs);

#endif
