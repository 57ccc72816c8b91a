/* OpenMP where the compiler has it, otherwise one thread. */

#ifndef TENBIN_THREADS_H
#define TENBIN_THREADS_H

#if defined(_OPENMP)
#include <omp.h>
#else
static inline int omp_get_max_threads(void)
{
    return 1;
}

static inline int omp_get_thread_num(void)
{
    return 0;
}

static inline int omp_get_num_threads(void)
{
    return 1;
}
#endif

#endif
