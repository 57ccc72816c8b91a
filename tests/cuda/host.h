/* CUDA on the host: the same .cu text, compiled as C++ and run by fibres.

   A block's threads are contexts of one thread of the host. A barrier hands over to the
   next of them, so that when the first comes round again all have arrived:

       thread   0 ... | 1 ... | 2 ... | 0 ...        | is __syncthreads

   Blocks run one after another, hence shared memory is static. Reaching different
   numbers of barriers, which is undefined on a GPU, aborts here. */

#ifndef TENBIN_HOST_H
#define TENBIN_HOST_H

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include <ucontext.h>

#include <cuda_fp16.h>
#include <vector_functions.h>

#undef __device__
#undef __global__
#undef __shared__
#undef __launch_bounds__
#define __device__
#define __global__
#define __shared__ static
#define __launch_bounds__(...)

namespace host {

struct Index {
    int x, y, z;
};

struct Fibre {
    ucontext_t context;
    std::vector<char> stack = std::vector<char>(1 << 16);
    bool done = false;
};

inline std::vector<Fibre> fibres;
inline ucontext_t outside;
inline std::function<void()> body;
inline Index thread, block;

inline void resume(size_t next)
{
    if (fibres[next].done) {
        std::fprintf(stderr, "thread %zu left before a barrier\n", next);
        std::abort();
    }
    int now = thread.x;
    thread.x = (int)next;
    swapcontext(&fibres[now].context, &fibres[next].context);
}

inline void barrier() { resume((thread.x + 1) % fibres.size()); }

inline void begin()
{
    body();
    fibres[thread.x].done = true;
    if (thread.x + 1u == fibres.size())
        setcontext(&outside);
    resume(thread.x + 1);
}

/* Run `work` on every thread of every block. */
inline void launch(const int grid[3], int threads, std::function<void()> work)
{
    body = std::move(work);
    fibres = std::vector<Fibre>(threads);
    for (block.z = 0; block.z < grid[2]; block.z++)
        for (block.y = 0; block.y < grid[1]; block.y++)
            for (block.x = 0; block.x < grid[0]; block.x++) {
                for (Fibre &fibre : fibres) {
                    getcontext(&fibre.context);
                    fibre.context.uc_stack.ss_sp = fibre.stack.data();
                    fibre.context.uc_stack.ss_size = fibre.stack.size();
                    fibre.done = false;
                    makecontext(&fibre.context, begin, 0);
                }
                thread.x = 0;
                swapcontext(&outside, &fibres[0].context);
            }
}

/* One rounding: the sum in double is off by less than half an ulp of double. */
inline half fma_half(half a, half b, half c)
{
    double wide_a = __half2float(a), wide_b = __half2float(b), wide_c = __half2float(c);
    return __double2half(std::fma(wide_a, wide_b, wide_c));
}

} // namespace host

#define threadIdx host::thread
#define blockIdx host::block
#define __syncthreads host::barrier
#define __syncwarp host::barrier /* no warp diverges in these kernels */
#define __hfma2 host_hfma2

inline half2 host_hfma2(half2 a, half2 b, half2 c)
{
    return __halves2half2(
        host::fma_half(__low2half(a), __low2half(b), __low2half(c)),
        host::fma_half(__high2half(a), __high2half(b), __high2half(c)));
}

#endif
