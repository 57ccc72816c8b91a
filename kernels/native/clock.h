#ifndef TENBIN_CLOCK_H
#define TENBIN_CLOCK_H

#include <stdint.h>

/* What a timed loop did, when, and for how long its thread really had a CPU.
   The clock is that of Python's time.perf_counter_ns(). */
struct timing {
    double work; /* flops or bytes */
    int64_t start_ns; /* wait for this time first, so that threads start together */
    int64_t begin_ns;
    int64_t end_ns;
    int64_t cpu_ns;
};

int64_t now_ns(void);
void timing_begin(struct timing *timing);
void timing_end(struct timing *timing);

#endif
