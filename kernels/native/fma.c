#include "fma.h"

static volatile double opaque_one = 1.0;

bool fma_time(fma_loop loop, size_t steps, size_t exact_steps, struct timing *timing)
{
    const double one = opaque_one;
    const double per_step = loop(1, one);
    double counted = 0.0;
    timing_begin(timing);
    for (size_t left = steps; left > 0;) {
        const size_t now = left < exact_steps ? left : exact_steps;
        counted += loop(now, one);
        left -= now;
    }
    timing_end(timing);
    timing->work = 2.0 * counted;
    return counted == per_step * (double)steps;
}
