/* The rate of memory: sum-reads of a buffer, and the triad a = b + s c.

   The sum of all words is the result and the proof that every word was read. Sizes are
   in blocks of BLOCK_BYTES so that no loop has a tail. */

#ifndef TENBIN_STREAM_H
#define TENBIN_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "clock.h"

#define BLOCK_BYTES 512

/* Return the sum of all words, modulo 2^64, over `passes` passes. */
typedef uint64_t (*read_loop)(const uint64_t *words, size_t count, size_t passes);

/* Compute a = b + scale c `passes` times; a is written past the caches where the ISA
   can, and aligned to 64 bytes. */
typedef void (*triad_loop)(double *restrict a, const double *restrict b,
                           const double *restrict c, double scale, size_t count,
                           size_t passes);

uint64_t read_u64_scalar(const uint64_t *words, size_t count, size_t passes);
uint64_t read_u64_neon(const uint64_t *words, size_t count, size_t passes);
uint64_t read_u64_sve512(const uint64_t *words, size_t count, size_t passes);
uint64_t read_u64_avx2(const uint64_t *words, size_t count, size_t passes);
uint64_t read_u64_avx512(const uint64_t *words, size_t count, size_t passes);

void triad_f64_scalar(double *restrict a, const double *restrict b,
                      const double *restrict c, double scale, size_t count,
                      size_t passes);
void triad_f64_neon(double *restrict a, const double *restrict b,
                    const double *restrict c, double scale, size_t count,
                    size_t passes);
void triad_f64_sve512(double *restrict a, const double *restrict b,
                      const double *restrict c, double scale, size_t count,
                      size_t passes);
void triad_f64_avx2(double *restrict a, const double *restrict b,
                    const double *restrict c, double scale, size_t count,
                    size_t passes);
void triad_f64_avx512(double *restrict a, const double *restrict b,
                      const double *restrict c, double scale, size_t count,
                      size_t passes);

/* Tell the compiler that memory may have changed, so that each pass reads it again. */
#define NEW_PASS() __asm__ volatile("" ::: "memory")

/* Time the reads of `bytes` bytes; return the sum of the words. */
uint64_t read_time(read_loop loop, const void *buffer, size_t bytes, size_t passes,
                   struct timing *timing);

/* Time the triad on three arrays of `bytes` bytes; 24 bytes move per element. */
void triad_time(triad_loop loop, void *a, const void *b, const void *c, size_t bytes,
                double scale, size_t passes, struct timing *timing);

#endif
