/* Fragments on the host: the first thread of a warp holds and computes all of it. */

#ifndef TENBIN_HOST_MMA_H
#define TENBIN_HOST_MMA_H

#include "host.h"

namespace nvcuda::wmma {

struct matrix_a;
struct matrix_b;
struct accumulator;
struct row_major;
struct col_major;
enum layout_t { mem_row_major };

inline bool holds() { return threadIdx.x % 32 == 0; }

/* Elements in row-major order, whatever the layout in memory. */
template <class Use, int M, int N, int K, class Type, class Layout = void>
struct fragment {
    float at[16][16];
};

template <class Fragment> void fill_fragment(Fragment &to, float value)
{
    for (int i = 0; holds() && i < 256; i++)
        to.at[i / 16][i % 16] = value;
}

template <class Use>
void load_matrix_sync(fragment<Use, 16, 16, 16, half, row_major> &to, const half *from,
                      int pitch)
{
    for (int i = 0; holds() && i < 256; i++)
        to.at[i / 16][i % 16] = __half2float(from[i / 16 * pitch + i % 16]);
}

template <class Use>
void load_matrix_sync(fragment<Use, 16, 16, 16, half, col_major> &to, const half *from,
                      int pitch)
{
    for (int i = 0; holds() && i < 256; i++)
        to.at[i % 16][i / 16] = __half2float(from[i / 16 * pitch + i % 16]);
}

template <class Sums, class A, class B>
void mma_sync(Sums &to, const A &a, const B &b, const Sums &sums)
{
    for (int i = 0; holds() && i < 16; i++)
        for (int j = 0; j < 16; j++) {
            float sum = sums.at[i][j];
            for (int e = 0; e < 16; e++)
                sum += a.at[i][e] * b.at[e][j];
            to.at[i][j] = sum;
        }
}

template <class Sums>
void store_matrix_sync(float *to, const Sums &sums, int pitch, layout_t)
{
    for (int i = 0; holds() && i < 256; i++)
        to[i / 16 * pitch + i % 16] = sums.at[i / 16][i % 16];
}

} // namespace nvcuda::wmma

#endif
