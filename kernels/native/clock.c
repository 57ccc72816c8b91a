#define _POSIX_C_SOURCE 200809L

#include "clock.h"

#include <time.h>

static int64_t read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t now_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

void timing_begin(struct timing *timing)
{
    do
        timing->begin_ns = read_ns(CLOCK_MONOTONIC);
    while (timing->begin_ns < timing->start_ns);
    timing->cpu_ns = -read_ns(CLOCK_THREAD_CPUTIME_ID);
}

void timing_end(struct timing *timing)
{
    timing->cpu_ns += read_ns(CLOCK_THREAD_CPUTIME_ID);
    timing->end_ns = read_ns(CLOCK_MONOTONIC);
}
