/* How a convolution is laid out for a matrix unit, whatever multiplies the tiles.

   A tile has 16 pixels as rows and up to 32 terms of the sum as columns. Pixels follow
   each other at equal distances in memory, over the ends of rows: the few beyond the
   width of the output are computed and dropped. What x does not offer is copied, block
   of rows by block of rows:

       zeros at the border, and channels up to a multiple of terms;
       with strides one image, or phase, for each remainder of the row and the column,
       so that the pixels of a tap are neighbours again;
       few channels (`merged`): the taps of a row are one sum, and columns stay. */

#ifndef TENBIN_CONV_TILES_H
#define TENBIN_CONV_TILES_H

#include <stdbool.h>

#include "conv.h"

#define TILE_SIDE ((size_t)16)
#define TILE_TERMS ((size_t)32)

struct conv_tiles {
    size_t p, q;
    size_t c, k;                /* of one group; c with zeros */
    size_t terms, chunks, taps; /* terms of a chunk, chunks of a tap */
    bool merged, copied;
    size_t stride_w;            /* 1 where columns stay in place */
    size_t phases_h, phases_w;  /* images that x is dealt out to */
    size_t step;                /* from pixel to pixel, in pixels of the copy */
    size_t pitch;               /* from row to row, in pixels of the output */
    size_t rows, blocks;        /* of outputs in a block; blocks of an image */
    size_t image_rows;          /* of one phase of the copy of a block */
    size_t k_blocks;            /* of 32 channels, of one group */
    size_t offset_bytes, copy_bytes;
};

struct conv_tiles conv_tiles_cut(const struct conv_shape *shape, int threads);

int conv_tiles_fits(const struct conv_shape *shape);

/* Packed: [group][k / 32][tap][chunk][k / 16 % 2][term / 2][k % 16][term % 2]. */
size_t conv_tiles_packed_bytes(const struct conv_shape *shape);
void conv_tiles_pack(const struct conv_shape *shape, const uint16_t *weights,
                     void *packed);

size_t conv_tiles_scratch_bytes(const struct conv_shape *shape, int threads);

/* Items of packed weights in a block of 32 channels. */
size_t conv_tiles_block_items(const struct conv_tiles *cut);

/* Items from one row of pixels to the next. */
size_t conv_tiles_row_items(const struct conv_shape *shape,
                            const struct conv_tiles *cut);

/* Where the first pixel of a block lies under each tap, from its first. */
void conv_tiles_offsets(const struct conv_shape *shape, const struct conv_tiles *cut,
                        size_t *offsets);

/* Copy what the block of outputs from row `first_row` reads of an image. */
void conv_tiles_copy(const struct conv_shape *shape, const struct conv_tiles *cut,
                     const uint16_t *image, size_t first_row, uint16_t *copy);

#endif
