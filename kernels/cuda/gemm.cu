/* GEMM: C (m, n) = op(A) (m, k) op(B) (k, n), row-major, in half.

   Either operand may lie along the depth k, or across it: element (line, e) is at
   line * line_stride + e * depth_stride, and one of the strides is 1. Along, a piece
   is one 16-byte load; across, neighbouring threads load neighbouring halves. */

#include "half2.cuh"
#include "wmma.cuh"

struct Matrix {
    const half *start;
    int lines, depth;
    long long line_stride, depth_stride;

    __device__ bool depth_is_contiguous() const { return depth_stride == 1; }

    __device__ Piece operator()(int line, int e) const
    {
        int valid = line < lines ? depth - e : 0;
        const half *from = start + line * line_stride + e * depth_stride;
        return read_piece(from, depth_stride, valid);
    }
};

struct Sizes {
    long long m, n, k, a_line, a_depth, b_line, b_depth; /* the last four: strides */
};

template <class Sums>
__device__ void product(const half *a, const half *b, half *c, const Sizes &sizes)
{
    int depth = sizes.k;
    Matrix rows = {a, (int)sizes.m, depth, sizes.a_line, sizes.a_depth};
    Matrix columns = {b, (int)sizes.n, depth, sizes.b_line, sizes.b_depth};

    multiply<Sums>(rows, columns, depth, blockIdx.x * ROWS, blockIdx.y * COLUMNS,
                   [=](int i, int j, float value) {
                       if (i < sizes.m && j < sizes.n)
                           c[(size_t)i * sizes.n + j] = __float2half_rn(value);
                   });
}

#define KERNEL(name, Sums)                                                          \
    extern "C" __global__ void __launch_bounds__(THREADS, 1)                        \
        name(const half *a, const half *b, half *c, Sizes sizes)                    \
    {                                                                               \
        product<Sums>(a, b, c, sizes);                                              \
    }

KERNEL(gemm_dfp16, Half2Sums<Dfp16>)
KERNEL(gemm_mfp16, Half2Sums<Mfp16>)
KERNEL(gemm_chunk32, Half2Sums<Chunk32>)
KERNEL(gemm_wmma, WmmaSums)

#undef KERNEL
