#include "stream.h"

uint64_t read_time(read_loop loop, const void *buffer, size_t bytes, size_t passes,
                   struct timing *timing)
{
    timing_begin(timing);
    const uint64_t sum = loop(buffer, bytes / sizeof(uint64_t), passes);
    timing_end(timing);
    timing->work = (double)bytes * (double)passes;
    return sum;
}

void triad_time(triad_loop loop, void *a, const void *b, const void *c, size_t bytes,
                double scale, size_t passes, struct timing *timing)
{
    timing_begin(timing);
    loop(a, b, c, scale, bytes / sizeof(double), passes);
    timing_end(timing);
    timing->work = 3.0 * (double)bytes * (double)passes;
}
