/* Sums on tensor cores (sm_70 and later): fragments of 16 x 16 x 16, half products,
   float sums. Eight warps share the tile, 4 x 2, each with 2 x 2 fragments. */

#ifndef TENBIN_WMMA_CUH
#define TENBIN_WMMA_CUH

#include <mma.h>

#include "tile.cuh"

struct WmmaSums {
    static const int PITCH = CHUNK + 8; /* fragments start on 32 bytes */
    static const int EDGE = 16, WARP = 32, WARP_ROWS = 4, WARP_COLUMNS = 2;
    static const int HIGH = ROWS / WARP_ROWS / EDGE, WIDE = COLUMNS / WARP_COLUMNS / EDGE;

    nvcuda::wmma::fragment<nvcuda::wmma::accumulator, EDGE, EDGE, EDGE, float>
        sums[HIGH][WIDE];

    __device__ WmmaSums()
    {
        for (int i = 0; i < HIGH; i++)
            for (int j = 0; j < WIDE; j++)
                nvcuda::wmma::fill_fragment(sums[i][j], 0.0f);
    }

    __device__ static int row(int i)
    {
        return (threadIdx.x / WARP / WARP_COLUMNS * HIGH + i) * EDGE;
    }

    __device__ static int column(int j)
    {
        return (threadIdx.x / WARP % WARP_COLUMNS * WIDE + j) * EDGE;
    }

    __device__ void add(const half *a, const half *b)
    {
        using namespace nvcuda::wmma;
        fragment<matrix_a, EDGE, EDGE, EDGE, half, row_major> x[HIGH];
        fragment<matrix_b, EDGE, EDGE, EDGE, half, col_major> w;
#pragma unroll
        for (int e = 0; e < CHUNK; e += EDGE) {
            for (int i = 0; i < HIGH; i++)
                load_matrix_sync(x[i], a + row(i) * PITCH + e, PITCH);
            for (int j = 0; j < WIDE; j++) {
                load_matrix_sync(w, b + column(j) * PITCH + e, PITCH);
                for (int i = 0; i < HIGH; i++)
                    mma_sync(sums[i][j], x[i], w, sums[i][j]);
            }
        }
    }

    /* Where an element of a fragment lives is the compiler's secret: pass through
       shared memory, one strip of fragments of all warps at a time. */
    template <class Emit>
    __device__ void store(int first_row, int first_column, const Emit &emit) const
    {
        __shared__ __align__(32) float strip[THREADS / WARP][EDGE * EDGE];
        float *mine = strip[threadIdx.x / WARP];
#pragma unroll
        for (int i = 0; i < HIGH; i++)
            for (int j = 0; j < WIDE; j++) {
                nvcuda::wmma::store_matrix_sync(mine, sums[i][j], EDGE,
                                                nvcuda::wmma::mem_row_major);
                __syncwarp();
                for (int at = threadIdx.x % WARP; at < EDGE * EDGE; at += WARP)
                    emit(first_row + row(i) + at / EDGE,
                         first_column + column(j) + at % EDGE, mine[at]);
                __syncwarp();
            }
    }
};

#endif
