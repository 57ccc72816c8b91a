/* The peak rate of multiply-add: independent chains x = x * 1 + 1 in registers.

   Every lane counts its own steps, exactly, so the sum over the lanes is the number of
   multiply-adds that were really done: it is the result, the proof that no compiler
   removed the loop, and half the flops. Chain i starts at i: equal chains would be
   merged into one. Chains: at least latency x pipes (4 x 2 today). */

#ifndef TENBIN_FMA_H
#define TENBIN_FMA_H

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"

/* Run `steps` steps with `one` = 1, unknown to the compiler; return the lanes' sum. */
typedef double (*fma_loop)(size_t steps, double one);

double fma_f32_scalar(size_t steps, double one);
double fma_f64_scalar(size_t steps, double one);
double fma_f32_neon(size_t steps, double one);
double fma_f64_neon(size_t steps, double one);
double fma_f16_sve512(size_t steps, double one);
double fma_f32_sve512(size_t steps, double one);
double fma_f64_sve512(size_t steps, double one);
double fma_f32_avx2(size_t steps, double one);
double fma_f64_avx2(size_t steps, double one);
double fma_f32_avx512(size_t steps, double one);
double fma_f64_avx512(size_t steps, double one);
double fma_bf16_avx512bf16(size_t steps, double one);
double fma_f16_avx512fp16(size_t steps, double one);

/* Time `steps` steps, at most `exact_steps` at once so that the lanes count exactly.
   Return whether the count was right. */
bool fma_time(fma_loop loop, size_t steps, size_t exact_steps, struct timing *timing);

#endif
