/* The matrix unit: eight tiles of 16 rows of 64 bytes, and what all products by them
   share. Needs AMX, and AVX-512 for packing. Include it behind TARGET_BEGIN.

       0 .. 3  sums, 16 x 16 float32: 2 x 2 tiles, or, where they are `tall`, 4 x 1
       4 .. 7  of A, 16 rows x 32 steps of k, and of B, 16 pairs of steps x 16 columns

   Bound: 16 cycles for the product of two tiles, 16 times the rate of vfmadd.

   Compilers do not know what tile instructions read: UNSEEN tells them. */

#include "gemm_transpose.h"

#include "gemm_pairs.h"

#define TILE_BYTES ((size_t)1024)
#define AMX_DEPTH ((size_t)512)
#define UNSEEN(place) __asm__ volatile("" : : "r"(place) : "memory")

/* Older compilers do not know the instruction for halves. */
#define DOT_F16(sum, a, b) \
    __asm__ volatile(".byte 0xc4, 0xe2, %c0, 0x5c, %c1" \
                     : \
                     : "i"((~(b)&15) << 3 | 3), "i"(0xc0 | (sum) << 3 | (a)))
#define DOT_BF16(sum, a, b) _tile_dpbf16ps(sum, a, b)

static ALWAYS_INLINE void begin(void)
{
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } config = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = 64;
        config.rows[i] = 16;
    }
    UNSEEN(&config);
    _tile_loadconfig(&config);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

static ALWAYS_INLINE void store_sums(bool tall, float *place, size_t pitch)
{
    const size_t bytes = pitch * sizeof *place;
    _tile_stored(0, place, bytes);
    _tile_stored(1, tall ? place + 16 * pitch : place + 16, bytes);
    _tile_stored(2, place + (tall ? 32 : 16) * pitch, bytes);
    _tile_stored(3, place + (tall ? 48 * pitch : 16 * pitch + 16), bytes);
}

/* Set the sums, or add to them: each depth starts from zero, like multiply-adds. */
static ALWAYS_INLINE void end(bool tall, float *sums, size_t stride, bool first)
{
    const size_t rows = tall ? 64 : 32, columns = tall ? 16 : 32;
    float own[32 * 32] __attribute__((aligned(64)));
    if (first)
        store_sums(tall, sums, stride);
    else
        store_sums(tall, own, columns);
    _tile_release();
    for (size_t i = 0; i < rows && !first; i++)
        for (size_t j = 0; j < columns; j += 16) {
            float *sum = sums + i * stride + j;
            _mm512_storeu_ps(sum, _mm512_add_ps(_mm512_loadu_ps(sum),
                                                _mm512_load_ps(own + i * columns + j)));
        }
}

static ALWAYS_INLINE void put(char *tile, const __m512i x[16])
{
    for (size_t i = 0; i < 16; i++)
        _mm512_storeu_si512(tile + 64 * i, x[i]);
}
