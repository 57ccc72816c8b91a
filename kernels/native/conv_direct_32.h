/* Tiles for 32 registers: 28 sums, 2 weights and 1 input fill 31, as do 27, 3 and 1. */

#define PIXELS 14
#define MOST_PIXELS 14, 14, 9
#define PIXELS_3(f, v) \
    f(1, v) f(2, v) f(3, v) f(4, v) f(5, v) f(6, v) f(7, v) f(8, v) f(9, v)
#define PIXELS_2(f, v) PIXELS_3(f, v) f(10, v) f(11, v) f(12, v) f(13, v) f(14, v)
#define PIXELS_1(f, v) PIXELS_2(f, v)
