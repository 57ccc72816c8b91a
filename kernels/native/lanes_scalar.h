/* Vectors of one float32, on any CPU, and 16-bit memory. */

#define LANES ((size_t)1)
#define WIDE float
#define LOAD(place) (*(place))
#define STORE(place, wide) (*(place) = (wide))
#define BROADCAST(place) (*(place))
#define FMA(a, b, sum) ((a) * (b) + (sum))

#define widen_vector_f16 widen_f16
#define round_vector_f16 round_f16
#define widen_vector_bf16 widen_bf16
#define round_vector_bf16 round_bf16

#define LOAD_HALF(place) (*(place))
#define LOAD_HALF_SOME(place, count) ((void)(count), *(place))
#define STORE_HALF(place, half) (*(place) = (half))
#define STORE_HALF_SOME(place, count, half) ((void)(count), *(place) = (half))
