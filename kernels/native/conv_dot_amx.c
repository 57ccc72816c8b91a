/* Convolution in the matrix unit: 32 pixels x 32 channels, 32 terms at a time.

       A: 16 pixels x 32 terms   straight from x, or from a copy with a border of zeros
       B: 16 pairs x 16 channels packed weights, [c / 2][k][2]
       C: 2 x 2 tiles of 16 x 16 float32 sums, rounded once when all taps are done

   Cost: 2 n p q k c r s FLOP. While a block of weights is in use, the next one is
   fetched: it is often used so few times that waiting for it would take longer.
   Products of halves are exact in float32, sums are rounded to it in pairs; bfloat16
   flushes subnormals. */

#include "conv_tiles.h"

#include "sizes.h"
#include "target.h"
#include "threads.h"

#if defined(TENBIN_AMX)
#include <immintrin.h>

#define PIXELS (2 * TILE_SIDE)   /* of a piece */
#define CHANNELS (2 * TILE_SIDE) /* of a block */
#define LINE_ITEMS ((size_t)32)

/* What one thread computes with. */
struct worker {
    const struct conv_shape *shape;
    const struct conv_tiles *cut;
    const size_t *offsets;
    const uint16_t *x, *packed;
    uint16_t *y, *copy;
    size_t configured; /* pixels of a piece; 0: the tiles are at rest */
};

/* 32 channels of a block of rows of an image. */
struct unit {
    size_t pixels, channels;
    const uint16_t *x, *w, *next; /* `next`: the weights to fetch, or NULL */
    uint16_t *y;
};

/* Sums that are being rounded; pixels between two rows are left out. */
struct sums {
    const float *place;
    uint16_t *to;
    size_t column, left; /* of the next pixel; pixels to go */
};

struct piece {
    const uint16_t *x, *w, *next, *end;
    size_t fetches, stores; /* lines of `next`, pixels of `before` with each chunk */
    size_t channels;
    bool lower, right;  /* whether the second tiles of pixels and weights are in use */
    struct sums before; /* of the piece before */
};

TARGET_BEGIN(AVX512 ",amx-tile,amx-bf16")

#include "lanes_avx512.h"

/* Tiles: 0-3 the sums, 4 and 5 pixels, 6 and 7 weights. */
struct __attribute__((packed)) tile_config {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

static void configure(struct worker *worker, size_t pixels)
{
    if (worker->configured == pixels)
        return;
    worker->configured = pixels;
    struct tile_config config = {.palette = 1};
    const size_t upper = least(pixels, TILE_SIDE);
    const size_t lower = pixels > TILE_SIDE ? pixels - TILE_SIDE : TILE_SIDE;
    const size_t terms = worker->cut->terms;
    const size_t rows[8] = {upper, upper, lower,     lower,
                            upper, lower, terms / 2, terms / 2};
    for (size_t i = 0; i < 8; i++) {
        config.rows[i] = (uint8_t)rows[i];
        config.row_bytes[i] = (uint16_t)(i == 4 || i == 5 ? terms * 2 : 64);
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

/* Round one pixel. */
#define DEFINE_ROUND(name) \
    static ALWAYS_INLINE void round_pixel_##name( \
        const struct worker *worker, size_t channels, struct sums *sums) \
    { \
        const float *from = sums->place; \
        uint16_t *to = sums->to; \
        sums->place += CHANNELS; \
        sums->left--; \
        if (sums->column < worker->cut->q) { \
            sums->to += worker->shape->k; \
            if (channels == CHANNELS) { \
                STORE_ALL(name, to, from); \
                STORE_ALL(name, to + LANES, from + LANES); \
            } else { \
                STORE_LEFT(name, to, from, channels < LANES ? channels : LANES); \
                if (channels > LANES) \
                    STORE_LEFT(name, to + LANES, from + LANES, channels - LANES); \
            } \
        } \
        if (++sums->column == worker->cut->pitch) \
            sums->column = 0; \
    }
#define STORE_ALL(name, to, from) \
    STORE_HALF(to, round_vector_##name(LOAD(from)))
#define STORE_LEFT(name, to, from, count) \
    STORE_HALF_SOME(to, count, round_vector_##name(LOAD(from)))

DEFINE_ROUND(f16)
DEFINE_ROUND(bf16)

/* Sum a piece: sums[pixel][channel]; the lower tile begins at pixel 16. While the
   matrix unit works, vectors round the sums of the piece before. */
#define DEFINE_SUM(name, DOT) \
    static void sum_##name(const struct worker *worker, struct piece *piece, \
                           float *sums) \
    { \
        const struct conv_tiles *cut = worker->cut; \
        const size_t pitch = cut->step * cut->c * worker->shape->groups * 2; \
        const size_t half = cut->terms * TILE_SIDE; \
        const bool lower = piece->lower, right = piece->right; \
        const uint16_t *w = piece->w, *next = piece->next; \
        struct sums before = piece->before; \
        _tile_zero(0); \
        _tile_zero(1); \
        _tile_zero(2); \
        _tile_zero(3); \
        for (size_t tap = 0; tap < cut->taps; tap++) { \
            const uint16_t *x = piece->x + worker->offsets[tap]; \
            for (size_t chunk = 0; chunk < cut->chunks; chunk++) { \
                STEP(DOT, x, pitch, w, half, lower, right); \
                x += cut->terms; \
                w += 2 * half; \
                for (size_t i = 0; i < piece->fetches && next < piece->end; i++) { \
                    _mm_prefetch((const char *)next, _MM_HINT_T1); \
                    next += LINE_ITEMS; \
                } \
                for (size_t i = 0; i < piece->stores && before.left; i++) \
                    round_pixel_##name(worker, piece->channels, &before); \
            } \
        } \
        _tile_stored(0, sums, 128); \
        _tile_stored(1, sums + TILE_SIDE, 128); \
        if (lower) { \
            _tile_stored(2, sums + TILE_SIDE * CHANNELS, 128); \
            _tile_stored(3, sums + TILE_SIDE * CHANNELS + TILE_SIDE, 128); \
        } \
        piece->next = next; \
    } \
    static void finish_##name(const struct worker *worker, struct piece *piece) \
    { \
        while (piece->before.left) \
            round_pixel_##name(worker, piece->channels, &piece->before); \
    }

DEFINE_SUM(f16, DOT_F16)
DEFINE_SUM(bf16, DOT_BF16)

typedef void (*sum_function)(const struct worker *, struct piece *, float *);
typedef void (*finish_function)(const struct worker *, struct piece *);

/* The last piece is whole, too: it begins where another has summed already. */
static void compute_unit(struct worker *worker, const struct unit *unit,
                         sum_function sum, finish_function finish)
{
    const struct conv_tiles *cut = worker->cut;
    const size_t pixel = cut->step * cut->c * worker->shape->groups;
    const size_t k = worker->shape->k;
    const size_t whole = least(unit->pixels, PIXELS);
    const size_t pieces = (unit->pixels + PIXELS - 1) / PIXELS;
    const size_t steps = cut->taps * cut->chunks;
    const size_t block = conv_tiles_block_items(cut);
    struct piece piece = {.w = unit->w,
                          .next = unit->next,
                          .end = unit->next ? unit->next + block : NULL,
                          .fetches = block / LINE_ITEMS / (pieces * steps) + 1,
                          .stores = PIXELS / steps + 1,
                          .lower = whole > TILE_SIDE,
                          .right = unit->channels > TILE_SIDE,
                          .channels = unit->channels};
    float sums[2][PIXELS * CHANNELS] __attribute__((aligned(64)));
    configure(worker, whole);
    for (size_t i = 0; i < pieces; i++) {
        const size_t first = least(i * PIXELS, unit->pixels - whole);
        const size_t row = first / cut->pitch, column = first % cut->pitch;
        const size_t stored = row * cut->q + least(column, cut->q);
        piece.x = unit->x + first * pixel;
        sum(worker, &piece, sums[i % 2]);
        piece.before = (struct sums){sums[i % 2], unit->y + stored * k, column, whole};
    }
    finish(worker, &piece);
}

/* Units are numbered [image][block of rows][group][k block]: compute some of them. */
static void compute(struct worker *worker, size_t first, size_t last, sum_function sum,
                    finish_function finish)
{
    const struct conv_shape *a = worker->shape;
    const struct conv_tiles *cut = worker->cut;
    const size_t in_block = a->groups * cut->k_blocks;
    const size_t weights = conv_tiles_block_items(cut);
    const uint16_t *x = NULL;
    for (size_t i = first; i < last; i++) {
        const size_t block = i / in_block % cut->blocks, n = i / in_block / cut->blocks;
        const size_t group = i / cut->k_blocks % a->groups, kb = i % cut->k_blocks;
        const size_t row = block * cut->rows, k = group * cut->k + kb * CHANNELS;
        if (i == first || i % in_block == 0) {
            x = worker->x + n * a->h * a->w * a->c;
            if (cut->copied) {
                conv_tiles_copy(a, cut, x, row, worker->copy);
                __asm__ volatile("" : : "r"(worker->copy) : "memory"); /* tiles load */
                x = worker->copy;
            } else {
                x += row * conv_tiles_row_items(a, cut);
            }
        }
        struct unit unit = {.x = x + group * cut->c};
        unit.pixels = (least(cut->rows, cut->p - row) - 1) * cut->pitch + cut->q;
        unit.channels = least(CHANNELS, cut->k - kb * CHANNELS);
        unit.w = worker->packed + i % in_block * weights;
        unit.next = i % in_block + 1 < in_block ? unit.w + weights : NULL;
        unit.y = worker->y + (n * cut->p + row) * cut->q * a->k + k;
        compute_unit(worker, &unit, sum, finish);
    }
    if (worker->configured)
        _tile_release();
}

TARGET_END

static void run(const struct conv_shape *a, const uint16_t *x, const void *packed,
                uint16_t *y, void *scratch, int threads, sum_function sum,
                finish_function finish)
{
    const struct conv_tiles cut = conv_tiles_cut(a, threads);
    const size_t work = a->n * cut.blocks * a->groups * cut.k_blocks;
    conv_tiles_offsets(a, &cut, scratch);
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        const size_t rank = (size_t)omp_get_thread_num();
        const size_t size = (size_t)omp_get_num_threads();
        char *copy = (char *)scratch + cut.offset_bytes + rank * cut.copy_bytes;
        struct worker worker = {a, &cut, scratch, x, packed, y, (uint16_t *)copy, 0};
        compute(&worker, rank * work / size, (rank + 1) * work / size, sum, finish);
    }
}

#define DEFINE(type, isa) \
    static void run_##type(const struct conv_shape *a, const uint16_t *x, \
                           const void *packed, uint16_t *y, void *scratch, \
                           int threads) \
    { \
        run(a, x, packed, y, scratch, threads, sum_##type, finish_##type); \
    } \
    const struct conv_algorithm *conv_dot_##type##_##isa(void) \
    { \
        static const struct conv_algorithm algorithm = { \
            conv_tiles_fits, conv_tiles_packed_bytes, conv_tiles_pack, \
            conv_tiles_scratch_bytes, run_##type, CONV_FORWARD}; \
        return &algorithm; \
    }

DEFINE(f16, amxfp16)
DEFINE(bf16, amx)
#endif
