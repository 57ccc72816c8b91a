/* A barrier of processes that share memory: one flag for each rank.

       rank 0   arrive(epoch 1)  wait ............ | all flags say 1: go on
       rank 1          ......... arrive(epoch 1)   |

   Whatever a rank wrote before it arrived is seen by every rank that has waited. Epochs
   grow by one, modulo 2^32, and start from zeroed flags; nothing is ever reset. A rank
   that waits long sleeps, so that more ranks than processors get on. */

#ifndef TENBIN_BARRIER_H
#define TENBIN_BARRIER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two cache lines: processors prefetch the neighbour of a line. */
#define FLAG_BYTES 128

struct flag {
    _Atomic uint32_t epoch;
    _Atomic uint32_t sleepers;
    char unused[FLAG_BYTES - 2 * sizeof(uint32_t)];
};

void barrier_arrive(struct flag *mine, uint32_t epoch);

/* Return whether all have arrived; spin for `spin_ns`, then sleep for `sleep_ns`. */
bool barrier_wait(struct flag *flags, size_t ranks, uint32_t epoch, int64_t spin_ns,
                  int64_t sleep_ns);

#endif
