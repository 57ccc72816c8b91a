/* One tile of a product, staged through shared memory: what all kernels here share.

            depth ------->                        128 rows x 64 columns of the result
          +---------------+                     +-------------------+
     128  |  a: 32 halves |                     |                   |
    rows  |  at a time    |         16 x 16     |  8 x 4 sums in    |
          +---------------+         threads     |  each thread      |
     64   +---------------+                     |                   |
  columns |  b            |                     +-------------------+
          +---------------+

   Both operands are read along the depth, 16 bytes at a time, through a loader that
   fills with zeros what lies outside; the next chunk is on its way while this one is
   used. `Sums` is the arithmetic: half2.cuh or wmma.cuh. Bound by arithmetic: a chunk
   takes 128 64 32 multiply-adds and 12 KiB. */

#ifndef TENBIN_TILE_CUH
#define TENBIN_TILE_CUH

#include <cuda_fp16.h>

const int THREAD_ROWS = 8, THREAD_COLUMNS = 4, SIDE = 16, THREADS = SIDE * SIDE;
const int ROWS = SIDE * THREAD_ROWS, COLUMNS = SIDE * THREAD_COLUMNS;
const int CHUNK = 32, PIECE = 8, PIECES = CHUNK / PIECE;

typedef uint4 Piece; /* 8 halves in registers */

__device__ inline half2 pair_of(unsigned bits) { return *(half2 *)&bits; }

__device__ inline unsigned bits_of(half low, half high)
{
    half2 pair = __halves2half2(low, high);
    return *(unsigned *)&pair;
}

/* Collect 8 halves one by one. */
template <class Take> __device__ Piece gather(const Take &take)
{
    return make_uint4(bits_of(take(0), take(1)), bits_of(take(2), take(3)),
                      bits_of(take(4), take(5)), bits_of(take(6), take(7)));
}

/* Read `valid` of 8 halves, `stride` apart; the others are zero. */
__device__ inline Piece read_piece(const half *from, long long stride, int valid)
{
    if (stride == 1 && valid >= PIECE && (size_t)from % sizeof(Piece) == 0)
        return *(const Piece *)from;
    return gather([=](int i) { return i < valid ? from[i * stride] : half(0.0f); });
}

/* This thread's share of an operand's chunk: pieces on their way to shared memory.
   Neighbouring threads take neighbouring pieces in the order of storage. */
template <int LINES, class Loader> struct Stage {
    static const int SHARE = LINES * PIECES / THREADS;
    Piece pieces[SHARE];

    __device__ static int line(const Loader &load, int i)
    {
        int index = threadIdx.x + i * THREADS;
        return load.depth_is_contiguous() ? index / PIECES : index % LINES;
    }

    __device__ static int place(const Loader &load, int i)
    {
        int index = threadIdx.x + i * THREADS;
        return PIECE * (load.depth_is_contiguous() ? index % PIECES : index / LINES);
    }

    __device__ void fetch(const Loader &load, int first_line, int first_depth)
    {
#pragma unroll
        for (int i = 0; i < SHARE; i++)
            pieces[i] = load(first_line + line(load, i), first_depth + place(load, i));
    }

    template <int PITCH> __device__ void commit(const Loader &load, half *shared) const
    {
#pragma unroll
        for (int i = 0; i < SHARE; i++) {
            half *to = shared + line(load, i) * PITCH + place(load, i);
            *(uint2 *)to = make_uint2(pieces[i].x, pieces[i].y);
            *(uint2 *)(to + PIECE / 2) = make_uint2(pieces[i].z, pieces[i].w);
        }
    }
};

/* Compute the tile of this block; `emit(row, column, value)` takes each element. */
template <class Sums, class A, class B, class Emit>
__device__ void multiply(const A &a, const B &b, int depth, int first_row,
                         int first_column, const Emit &emit)
{
    const int PITCH = Sums::PITCH;
    __shared__ __align__(32) half shared_a[2][ROWS * PITCH];
    __shared__ __align__(32) half shared_b[2][COLUMNS * PITCH];
    Stage<ROWS, A> stage_a;
    Stage<COLUMNS, B> stage_b;
    Sums sums;

    for (int chunk = 0, now = 0; chunk < depth + CHUNK; chunk += CHUNK, now ^= 1) {
        if (chunk < depth) {
            stage_a.fetch(a, first_row, chunk);
            stage_b.fetch(b, first_column, chunk);
        }
        if (chunk > 0)
            sums.add(shared_a[now ^ 1], shared_b[now ^ 1]);
        if (chunk < depth) {
            stage_a.template commit<PITCH>(a, shared_a[now]);
            stage_b.template commit<PITCH>(b, shared_b[now]);
        }
        __syncthreads();
    }
    sums.store(first_row, first_column, emit);
}

#endif
