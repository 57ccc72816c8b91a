/* The size of the second-level cache that blocks are cut for. */

#ifndef TENBIN_L2_H
#define TENBIN_L2_H

#include <stddef.h>
#include <unistd.h>

static inline size_t l2_bytes(void)
{
#ifdef _SC_LEVEL2_CACHE_SIZE
    const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
    if (bytes > 0)
        return (size_t)bytes;
#endif
    return (size_t)1 << 20; /* where the system does not say */
}

#endif
