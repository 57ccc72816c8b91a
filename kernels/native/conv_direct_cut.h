/* How a view is cut, whatever computes the tiles.

   Outputs are cut into rectangles, channels into blocks. The window of x under a
   rectangle and the weights of a block of output channels share the second-level cache;
   where they are too many, input channels are taken chunk by chunk. */

#ifndef TENBIN_CONV_DIRECT_CUT_H
#define TENBIN_CONV_DIRECT_CUT_H

#include "conv_direct.h"

/* The outputs of a row that see the image under one tap. */
struct conv_run {
    size_t first, last;
};

/* How a view is cut: computed once a call. */
struct conv_cut {
    size_t c, k;                     /* channels of a group */
    size_t block, blocks;            /* input channels: in a block, how many blocks */
    size_t step_h, step_w;           /* between the rows and columns that are read */
    size_t rows, cols;               /* outputs in a rectangle */
    size_t high, wide;               /* rectangles */
    size_t window_rows, window_cols; /* of x under a rectangle, at most */
    size_t chunk, chunks;            /* blocks whose weights the cache holds at once */
    size_t lanes, width, k_blocks;   /* output channels: in a block, how many blocks */
    size_t most_pixels;              /* in a tile */
    size_t x_bytes, sums_bytes, taps_bytes, runs_bytes;
};

struct conv_cut conv_view_cut(const struct conv_engine *engine,
                              const struct conv_view *view);

/* Return the sums in output block `index`: the last may be narrower. */
size_t conv_cut_width(const struct conv_cut *cut, size_t index);

/* Return the items of the packed weights before block `index` of a group. */
size_t conv_cut_packed_before(const struct conv_view *view, const struct conv_cut *cut,
                              size_t index);

#endif
