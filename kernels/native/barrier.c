#define _GNU_SOURCE

#include "barrier.h"

#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "target.h"

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#define LOOKS 32 /* before a rank offers its processor: the other may wait for it */

#if defined(TENBIN_X86)
#define PAUSE() __builtin_ia32_pause()
#elif defined(TENBIN_ARM)
#define PAUSE() __asm__ volatile("isb" ::: "memory")
#else
#define PAUSE() ((void)0)
#endif

static bool reached(uint32_t seen, uint32_t epoch)
{
    return (int32_t)(seen - epoch) >= 0;
}

static bool spin(struct flag *flag, uint32_t epoch, int64_t until_ns)
{
    do {
        for (int i = 0; i < LOOKS; i++) {
            if (reached(atomic_load_explicit(&flag->epoch, memory_order_acquire),
                        epoch))
                return true;
            PAUSE();
        }
        sched_yield();
    } while (now_ns() < until_ns);
    return false;
}

/* Announce the sleep, then look again: who arrives either is seen or sees it. */
static bool sleep_until(struct flag *flag, uint32_t epoch, int64_t until_ns)
{
    for (;;) {
        const uint32_t seen = atomic_load(&flag->epoch);
        const int64_t left_ns = until_ns - now_ns();
        if (reached(seen, epoch) || left_ns <= 0)
            return reached(seen, epoch);
        const struct timespec limit = {left_ns / 1000000000, left_ns % 1000000000};
#if defined(__linux__)
        syscall(SYS_futex, &flag->epoch, FUTEX_WAIT, seen, &limit, NULL, 0);
#else
        const struct timespec nap = {0, 50000};
        nanosleep(limit.tv_sec || limit.tv_nsec > nap.tv_nsec ? &nap : &limit, NULL);
#endif
    }
}

void barrier_arrive(struct flag *mine, uint32_t epoch)
{
    atomic_store(&mine->epoch, epoch);
#if defined(__linux__)
    if (atomic_load(&mine->sleepers))
        syscall(SYS_futex, &mine->epoch, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
#endif
}

bool barrier_wait(struct flag *flags, size_t ranks, uint32_t epoch, int64_t spin_ns,
                  int64_t sleep_ns)
{
    const int64_t until_ns = now_ns() + spin_ns;
    for (size_t rank = 0; rank < ranks; rank++) {
        struct flag *flag = &flags[rank];
        if (spin(flag, epoch, until_ns))
            continue;
        atomic_fetch_add(&flag->sleepers, 1);
        const bool arrived = sleep_until(flag, epoch, until_ns + sleep_ns);
        atomic_fetch_sub(&flag->sleepers, 1);
        if (!arrived)
            return false;
    }
    return true;
}
