/* The sum of several arrays, element by element, into one or several arrays.

       out[m][i] = in[0][i] + in[1][i] + ...      first <= i < last, every m

   One pass over memory: a block of every input is summed in registers, then stored to
   every output. float16 and bfloat16 are stored as 16 bits, added in float32 in the
   order of the inputs, and rounded once, to nearest even; two inputs are thus rounded
   correctly. An output may be an input; otherwise they do not overlap. Any alignment.
   Bound: memory, or the caches. */

#ifndef TENBIN_ADD_H
#define TENBIN_ADD_H

#include <stddef.h>
#include <stdint.h>

/* `inputs` and `outputs` are at least 1. */
typedef void (*add_loop)(void *const *out, size_t outputs, const void *const *in,
                         size_t inputs, size_t first, size_t last);

#define ADD_LOOPS(isa) \
    void add_f16_##isa(void *const *, size_t, const void *const *, size_t, size_t, \
                       size_t); \
    void add_bf16_##isa(void *const *, size_t, const void *const *, size_t, size_t, \
                        size_t); \
    void add_f32_##isa(void *const *, size_t, const void *const *, size_t, size_t, \
                       size_t); \
    void add_f64_##isa(void *const *, size_t, const void *const *, size_t, size_t, \
                       size_t);

ADD_LOOPS(scalar)
ADD_LOOPS(neon)
ADD_LOOPS(sve512)
ADD_LOOPS(avx2)
ADD_LOOPS(avx512)
void add_f16_avx512fp16(void *const *out, size_t outputs, const void *const *in,
                        size_t inputs, size_t first, size_t last);

#endif
