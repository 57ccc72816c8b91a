/* Convolutions that sum in float16: what all ISAs share. */

#ifndef TENBIN_CONV_FP16ACC_H
#define TENBIN_CONV_FP16ACC_H

#include "conv.h"

#define FP16ACC_PAD ((size_t)32)
#define FP16ACC_CHUNK 32

/* Output channels of a group in the packed weights: [group][r][s][c][k], zeros beyond. */
size_t fp16acc_pitch(const struct conv_shape *shape);

int fp16acc_fits(const struct conv_shape *shape);
size_t fp16acc_packed_bytes(const struct conv_shape *shape);
void fp16acc_pack(const struct conv_shape *shape, const uint16_t *weights, void *packed);
size_t fp16acc_scratch_bytes(const struct conv_shape *shape, int threads);

#endif
