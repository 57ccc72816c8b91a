/* Convolution as an implicit product: no im2col matrix is ever stored.

       y[n, p, q, k] = sum over r, s, c of  x[n, h, w, c] * filter[k, r, s, c]
       h = (p stride - padding + r dilation) / zoom, where that divides

       rows: pixels (n, p, q)     columns: filters k     depth: e = (r S + s) C + c

   NHWC and KRSC in half. Where 8 divides the channels a piece of the depth is one
   16-byte load of neighbouring channels. `zoom` spreads the input with zeros between
   its pixels: the gradient of the data is the convolution of the output's gradient,
   spread by the forward stride, with rotated filters. One group for each z of the
   grid; blocks of 256 threads. */

#include "half2.cuh"
#include "wmma.cuh"

struct Shape {
    int n, c, h, w, k, r, s, p, q; /* c and k of all groups */
    int stride, padding_h, padding_w, dilation, zoom, groups;
};

struct Pixels {
    const half *x;
    Shape shape;
    int first_channel, channels, depth;

    __device__ bool depth_is_contiguous() const { return true; }

    /* The pixel under tap (r, s) of output pixel `row`; null where there is none. */
    __device__ const half *pixel(int row, int r, int s) const
    {
        int q = row % shape.q, rest = row / shape.q;
        int h = rest % shape.p * shape.stride - shape.padding_h + r * shape.dilation;
        int w = q * shape.stride - shape.padding_w + s * shape.dilation;
        if (h < 0 || w < 0 || h % shape.zoom || w % shape.zoom)
            return nullptr;
        h /= shape.zoom, w /= shape.zoom;
        if (h >= shape.h || w >= shape.w)
            return nullptr;
        size_t image = rest / shape.p;
        return x + ((image * shape.h + h) * shape.w + w) * shape.c + first_channel;
    }

    __device__ half element(int row, int e) const
    {
        int c = e % channels, tap = e / channels;
        const half *at = e < depth ? pixel(row, tap / shape.s, tap % shape.s) : nullptr;
        return at ? at[c] : half(0.0f);
    }

    __device__ Piece operator()(int row, int e) const
    {
        if (row >= shape.n * shape.p * shape.q || e >= depth)
            return Piece();
        if (channels % PIECE)
            return gather([&](int i) { return element(row, e + i); });
        int c = e % channels, tap = e / channels;
        const half *at = pixel(row, tap / shape.s, tap % shape.s);
        return at ? read_piece(at + c, 1, PIECE) : Piece();
    }
};

struct Filters {
    const half *filters; /* of this group, (k, depth) */
    int count, depth;

    __device__ bool depth_is_contiguous() const { return true; }

    __device__ Piece operator()(int k, int e) const
    {
        const half *from = filters + (size_t)k * depth + e;
        return read_piece(from, 1, k < count ? depth - e : 0);
    }
};

template <class Sums>
__device__ void convolve(const half *x, const half *filters, half *y, const Shape &shape)
{
    int group = blockIdx.z, channels = shape.c / shape.groups;
    int count = shape.k / shape.groups, depth = shape.r * shape.s * channels;
    int pixels = shape.n * shape.p * shape.q;
    Pixels a = {x, shape, group * channels, channels, depth};
    Filters b = {filters + (size_t)group * count * depth, count, depth};
    half *out = y + group * count;

    multiply<Sums>(a, b, depth, blockIdx.x * ROWS, blockIdx.y * COLUMNS,
                   [=](int pixel, int k, float value) {
                       if (pixel < pixels && k < count)
                           out[(size_t)pixel * shape.k + k] = __float2half_rn(value);
                   });
}

#define KERNEL(name, Sums)                                                          \
    extern "C" __global__ void __launch_bounds__(THREADS, 1)                        \
        name(const half *x, const half *filters, half *y, Shape shape)              \
    {                                                                               \
        convolve<Sums>(x, filters, y, shape);                                       \
    }

KERNEL(conv_dfp16, Half2Sums<Dfp16>)
KERNEL(conv_mfp16, Half2Sums<Mfp16>)
KERNEL(conv_chunk32, Half2Sums<Chunk32>)
KERNEL(conv_wmma, WmmaSums)

#undef KERNEL
