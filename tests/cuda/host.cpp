/* The kernels as a library of the host, for ctypes. */

#include "host.h"

#include "conv.cu"
#include "gemm.cu"

template <class Sizes>
using Kernel = void(const half *, const half *, half *, Sizes);

extern "C" void launch_conv(Kernel<Shape> *kernel, const half *x, const half *filters,
                            half *y, const Shape *shape, const int *grid)
{
    host::launch(grid, THREADS, [=] { kernel(x, filters, y, *shape); });
}

extern "C" void launch_gemm(Kernel<Sizes> *kernel, const half *a, const half *b, half *c,
                            const Sizes *sizes, const int *grid)
{
    host::launch(grid, THREADS, [=] { kernel(a, b, c, *sizes); });
}
