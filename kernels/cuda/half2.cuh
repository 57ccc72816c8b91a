/* Sums of packed half precision: two products in one 32-bit register.

       x: [x0|x1]  w: [w0|w1]      neighbours along the depth, two partial sums each

   dfp16    data in half, math in float     2 FFMA for each pair
   mfp16    data and math in half           1 HFMA2 (fma.rn.f16x2), twice the rate
   chunk32  math in half within 32 products, 16 in each partial sum, float across

   Naganuma, Yokota, HPC Asia 2018 (dfp16, mfp16). Half sums grow an error of about
   2^-11 for each step of a random walk; chunks bound the walk. */

#ifndef TENBIN_HALF2_CUH
#define TENBIN_HALF2_CUH

#include "tile.cuh"

struct Dfp16 {
    float sum = 0.0f;

    __device__ void add(half2 x, half2 w)
    {
        float2 wide_x = __half22float2(x), wide_w = __half22float2(w);
        sum = fmaf(wide_x.x, wide_w.x, sum);
        sum = fmaf(wide_x.y, wide_w.y, sum);
    }
    __device__ void end_chunk() {}
    __device__ float value() const { return sum; }
};

struct Mfp16 {
    half2 sum = __floats2half2_rn(0.0f, 0.0f);

    __device__ void add(half2 x, half2 w) { sum = __hfma2(x, w, sum); }
    __device__ void end_chunk() {}
    __device__ float value() const { return __low2float(sum) + __high2float(sum); }
};

struct Chunk32 {
    Mfp16 part;
    float sum = 0.0f;

    __device__ void add(half2 x, half2 w) { part.add(x, w); }
    __device__ void end_chunk()
    {
        sum += part.value();
        part = Mfp16();
    }
    __device__ float value() const { return sum; }
};

/* The sums of one thread: rows and columns 16 apart, so that neighbours in a warp
   read neighbouring lines. A pitch of 36 halves puts 16 lines on distinct banks. */
template <class Math> struct Half2Sums {
    static const int PITCH = CHUNK + 4;
    Math math[THREAD_ROWS][THREAD_COLUMNS];

    __device__ static int row(int i) { return threadIdx.x / SIDE + i * SIDE; }
    __device__ static int column(int j) { return threadIdx.x % SIDE + j * SIDE; }

    __device__ void add(const half *a, const half *b)
    {
#pragma unroll 2
        for (int e = 0; e < CHUNK; e += 4) {
            uint2 x[THREAD_ROWS], w[THREAD_COLUMNS];
            for (int i = 0; i < THREAD_ROWS; i++)
                x[i] = *(const uint2 *)(a + row(i) * PITCH + e);
            for (int j = 0; j < THREAD_COLUMNS; j++)
                w[j] = *(const uint2 *)(b + column(j) * PITCH + e);
            for (int i = 0; i < THREAD_ROWS; i++)
                for (int j = 0; j < THREAD_COLUMNS; j++) {
                    math[i][j].add(pair_of(x[i].x), pair_of(w[j].x));
                    math[i][j].add(pair_of(x[i].y), pair_of(w[j].y));
                }
        }
        for (int i = 0; i < THREAD_ROWS; i++)
            for (int j = 0; j < THREAD_COLUMNS; j++)
                math[i][j].end_chunk();
    }

    template <class Emit>
    __device__ void store(int first_row, int first_column, const Emit &emit) const
    {
        for (int i = 0; i < THREAD_ROWS; i++)
            for (int j = 0; j < THREAD_COLUMNS; j++)
                emit(first_row + row(i), first_column + column(j), math[i][j].value());
    }
};

#endif
