/* Convolution in the matrix unit: 32 pixels x 32 channels, 32 terms at a time.

       A: 16 pixels x 32 terms   straight from x, or from a copy with a border of zeros
       B: 16 pairs x 16 channels packed weights, [c / 2][k][2]
       C: 2 x 2 tiles of 16 x 16 float32 sums, rounded once when all taps are done

   A row of outputs is a strip of pixels that lie equally far apart in x; so is a whole
   narrow image, where the pixels between two rows are computed and dropped. Few channels
   are summed together with the taps of a row. Cost: 2 n p q k c r s FLOP.
   Products of halves are exact in float32, sums are rounded to it in pairs; bfloat16
   flushes subnormals. */

#include "conv.h"

#include <stdbool.h>
#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "half.h"
#include "target.h"

#if defined(TENBIN_AMX)
#include <immintrin.h>

#define SIDE ((size_t)16)
#define TERMS ((size_t)32)
#define NARROW ((size_t)24) /* columns: below, an image is one strip */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

static size_t even(size_t a)
{
    return a + a % 2;
}

struct cut {
    size_t p, q;
    size_t c, terms, chunks, taps; /* channels with zeros; terms of a chunk; of a tap */
    bool merged, copied, whole;    /* whole: an image is one strip */
    size_t rows, pitch;     /* of x as it is read, in pixels */
    size_t strips, strip;   /* how many, and pixels in one */
    size_t pieces, k_blocks;
    size_t copy_bytes;
};

static struct cut plan(const struct conv_shape *a)
{
    struct cut cut = {.p = conv_out_h(a), .q = conv_out_w(a)};
    cut.merged = a->c < TERMS && a->dilation_w == 1;
    const size_t parts = ceil_div(a->c, TERMS);
    cut.terms = even(ceil_div(a->c, parts));
    cut.c = parts * cut.terms;
    cut.chunks = parts;
    cut.taps = a->r * (cut.merged ? 1 : a->s);
    if (cut.merged) {
        const size_t run = a->s * cut.c;
        for (cut.terms = TERMS; run % cut.terms; cut.terms -= 2)
            ;
        cut.chunks = run / cut.terms;
    }
    cut.copied = a->pad_h || a->pad_w || cut.c != a->c;
    cut.rows = (cut.p - 1) * a->stride_h + (a->r - 1) * a->dilation_h + 1;
    cut.pitch = cut.copied
                    ? (cut.q - 1) * a->stride_w + (a->s - 1) * a->dilation_w + 1
                    : a->w;
    cut.whole = a->stride_h == 1 && a->stride_w == 1 &&
                (cut.pitch == cut.q || cut.q < NARROW);
    cut.strips = cut.whole ? 1 : cut.p;
    cut.strip = cut.whole ? (cut.p - 1) * cut.pitch + cut.q : cut.q;
    cut.pieces = ceil_div(cut.strip, 2 * SIDE);
    cut.k_blocks = ceil_div(a->k, 2 * SIDE);
    cut.copy_bytes =
        cut.copied ? ceil_div(cut.rows * cut.pitch * cut.c * 2, 64) * 64 : 0;
    return cut;
}

static int fits(const struct conv_shape *a)
{
    return a->groups == 1;
}

static size_t block_items(const struct cut *cut)
{
    return cut->taps * cut->chunks * cut->terms * 2 * SIDE;
}

static size_t packed_bytes(const struct conv_shape *a)
{
    const struct cut cut = plan(a);
    return cut.k_blocks * block_items(&cut) * sizeof(uint16_t);
}

static size_t scratch_bytes(const struct conv_shape *a, int threads)
{
    return (size_t)threads * plan(a).copy_bytes;
}

/* Packed: [k / 32][tap][chunk][k / 16 % 2][term / 2][k % 16][term % 2]. */
static void pack(const struct conv_shape *a, const uint16_t *weights, void *packed)
{
    const struct cut cut = plan(a);
    uint16_t *to = packed;
    memset(packed, 0, packed_bytes(a));
    for (size_t k = 0; k < a->k; k++)
        for (size_t tap = 0; tap < a->r * a->s; tap++)
            for (size_t c = 0; c < a->c; c++) {
                const size_t term =
                    cut.merged ? tap % a->s * cut.c + c : c;
                const size_t place = cut.merged ? tap / a->s : tap;
                const size_t chunk = place * cut.chunks + term / cut.terms;
                const size_t t = term % cut.terms;
                to[k / 32 * block_items(&cut) + chunk * cut.terms * 32 +
                   k / 16 % 2 * cut.terms * 16 + t / 2 * 32 + k % 16 * 2 + t % 2] =
                    weights[(k * a->r * a->s + tap) * a->c + c];
            }
}

/* Copy one image into its border of zeros. */
static void copy_image(const struct conv_shape *a, const struct cut *cut,
                       const uint16_t *image, uint16_t *to)
{
    memset(to, 0, cut->copy_bytes);
    const size_t high = cut->rows > a->pad_h ? least(a->h, cut->rows - a->pad_h) : 0;
    const size_t wide = cut->pitch > a->pad_w ? least(a->w, cut->pitch - a->pad_w) : 0;
    for (size_t h = 0; h < high; h++) {
        const uint16_t *from = image + h * a->w * a->c;
        uint16_t *row = to + ((h + a->pad_h) * cut->pitch + a->pad_w) * cut->c;
        if (cut->c == a->c)
            memcpy(row, from, wide * a->c * sizeof *row);
        else
            for (size_t w = 0; w < wide; w++)
                memcpy(row + w * cut->c, from + w * a->c, a->c * sizeof *row);
    }
}

TARGET_BEGIN(AVX512 ",amx-tile,amx-bf16")

#include "lanes_avx512.h"

#include "half_lanes.h"

/* Tiles: 0-3 the sums, 4 and 5 pixels, 6 and 7 weights. */
struct __attribute__((packed)) tile_config {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

static void configure(const struct cut *cut, size_t upper, size_t lower)
{
    struct tile_config config = {.palette = 1};
    const size_t rows[8] = {upper, upper, lower, lower, upper, lower, cut->terms / 2,
                            cut->terms / 2};
    for (size_t i = 0; i < 8; i++) {
        config.rows[i] = (uint8_t)rows[i];
        config.row_bytes[i] = (uint16_t)(i == 4 || i == 5 ? cut->terms * 2 : 64);
    }
    /* Compilers know of eight of the bytes that the instruction reads. */
    __asm__ volatile("" : : "r"(&config) : "memory");
    _tile_loadconfig(&config);
}

/* Older compilers do not know the instruction for halves. */
#define DOT_F16(sum, pixels, weights) \
    __asm__ volatile(".byte 0xc4, 0xe2, %c0, 0x5c, %c1" \
                     : \
                     : "i"((~(weights)&15) << 3 | 3), \
                       "i"(0xc0 | (sum) << 3 | (pixels)))
#define DOT_BF16(sum, pixels, weights) _tile_dpbf16ps(sum, pixels, weights)

/* One chunk of terms of one tap. */
#define STEP(DOT, x, pitch, w, half, lower, right) \
    do { \
        _tile_loadd(4, x, pitch); \
        _tile_loadd(6, w, 64); \
        DOT(0, 4, 6); \
        if (lower) { \
            _tile_loadd(5, (x) + 16 * (pitch) / 2, pitch); \
            DOT(2, 5, 6); \
        } \
        if (right) { \
            _tile_loadd(7, (w) + (half), 64); \
            DOT(1, 4, 7); \
            if (lower) \
                DOT(3, 5, 7); \
        } \
    } while (0)

struct piece {
    const uint16_t *x, *w; /* the first pixel under the first tap; the block's weights */
    size_t pixels, channels;
};

/* Sum a piece: sums[pixel][channel]; the lower tile begins at pixel 16. */
#define DEFINE_SUM(name, DOT) \
    static void sum_##name(const struct conv_shape *a, const struct cut *cut, \
                           const struct piece *piece, float *sums) \
    { \
        const size_t pitch = (cut->whole ? 1 : a->stride_w) * cut->c * 2; \
        const size_t half = cut->terms * SIDE, columns = cut->merged ? 1 : a->s; \
        const bool lower = piece->pixels > SIDE, right = piece->channels > SIDE; \
        const uint16_t *w = piece->w; \
        _tile_zero(0); \
        _tile_zero(1); \
        if (lower) { \
            _tile_zero(2); \
            _tile_zero(3); \
        } \
        for (size_t tap = 0; tap < cut->taps; tap++) { \
            const uint16_t *x = \
                piece->x + (tap / columns * a->dilation_h * cut->pitch + \
                            tap % columns * a->dilation_w) * \
                               cut->c; \
            for (size_t chunk = 0; chunk < cut->chunks; chunk++) { \
                STEP(DOT, x, pitch, w, half, lower, right); \
                x += cut->terms; \
                w += 2 * half; \
            } \
        } \
        _tile_stored(0, sums, 128); \
        _tile_stored(1, sums + SIDE, 128); \
        if (lower) { \
            _tile_stored(2, sums + SIDE * 32, 128); \
            _tile_stored(3, sums + SIDE * 32 + SIDE, 128); \
        } \
    }

DEFINE_SUM(f16, DOT_F16)
DEFINE_SUM(bf16, DOT_BF16)

#define TYPE f16
static void store_f16(const float *sums, uint16_t *to, size_t count)
{
    for (; count >= LANES; count -= LANES, sums += LANES, to += LANES)
        ROUND(to, LOAD(sums));
    if (count)
        ROUND_SOME(to, count, LOAD(sums));
}
#undef TYPE

#define TYPE bf16
static void store_bf16(const float *sums, uint16_t *to, size_t count)
{
    for (; count >= LANES; count -= LANES, sums += LANES, to += LANES)
        ROUND(to, LOAD(sums));
    if (count)
        ROUND_SOME(to, count, LOAD(sums));
}
#undef TYPE

typedef void (*sum_function)(const struct conv_shape *, const struct cut *,
                             const struct piece *, float *);
typedef void (*store_function)(const float *, uint16_t *, size_t);

/* Work is numbered [image][k block][strip][piece]; take `first` .. `last` - 1. */
static void compute(const struct conv_shape *a, const struct cut *cut, size_t first,
                    size_t last, const uint16_t *x, const uint16_t *packed, uint16_t *y,
                    uint16_t *copy, sum_function sum, store_function store)
{
    const size_t in_image = cut->k_blocks * cut->strips * cut->pieces;
    const uint16_t *image = x;
    size_t configured = 0;
    float sums[32 * 32] __attribute__((aligned(64)));
    for (size_t i = first; i < last; i++) {
        const size_t n = i / in_image, kb = i / cut->pieces / cut->strips % cut->k_blocks;
        const size_t strip = i / cut->pieces % cut->strips, part = i % cut->pieces;
        const size_t begin = part * cut->strip / cut->pieces;
        const size_t end = (part + 1) * cut->strip / cut->pieces;
        if (i == first || i % in_image == 0) {
            image = x + n * a->h * a->w * a->c;
            if (cut->copied) {
                copy_image(a, cut, image, copy);
                __asm__ volatile("" : : "r"(copy) : "memory"); /* before tiles load */
                image = copy;
            }
        }
        if (configured != end - begin) {
            configured = end - begin;
            configure(cut, least(configured, SIDE),
                      configured > SIDE ? configured - SIDE : SIDE);
        }
        const size_t step = cut->whole ? 1 : a->stride_w;
        const struct piece piece = {
            image + (strip * a->stride_h * cut->pitch + begin * step) * cut->c,
            packed + kb * block_items(cut), end - begin,
            least(32, a->k - kb * 32)};
        sum(a, cut, &piece, sums);
        for (size_t j = begin; j < end; j++) {
            const size_t p = cut->whole ? j / cut->pitch : strip;
            const size_t q = cut->whole ? j % cut->pitch : j;
            if (q < cut->q)
                store(sums + (j - begin) * 32,
                      y + ((n * cut->p + p) * cut->q + q) * a->k + kb * 32,
                      piece.channels);
        }
    }
    if (configured)
        _tile_release();
}

TARGET_END

static void run(const struct conv_shape *a, const uint16_t *x, const void *packed,
                uint16_t *y, void *scratch, int threads, sum_function sum,
                store_function store)
{
    const struct cut cut = plan(a);
    const size_t work = a->n * cut.k_blocks * cut.strips * cut.pieces;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        size_t rank = 0, size = 1;
#ifdef _OPENMP
        rank = (size_t)omp_get_thread_num();
        size = (size_t)omp_get_num_threads();
#endif
        compute(a, &cut, rank * work / size, (rank + 1) * work / size, x, packed, y,
                (uint16_t *)((char *)scratch + rank * cut.copy_bytes), sum, store);
    }
}

#define DEFINE(type, isa) \
    static void run_##type(const struct conv_shape *a, const uint16_t *x, \
                           const void *packed, uint16_t *y, void *scratch, int threads) \
    { \
        run(a, x, packed, y, scratch, threads, sum_##type, store_##type); \
    } \
    const struct conv_algorithm *conv_dot_##type##_##isa(void) \
    { \
        static const struct conv_algorithm algorithm = { \
            fits, packed_bytes, pack, scratch_bytes, run_##type, CONV_FORWARD}; \
        return &algorithm; \
    }

DEFINE(f16, amxfp16)
DEFINE(bf16, amx)
#endif
