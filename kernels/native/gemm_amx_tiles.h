/* Products of two-byte elements that the matrix unit multiplies as they are. Included for
   each instruction, after gemm_amx.h, and after defining

       TYPE, GETTER
       SPARE              the family whose rounding is the same; it takes single columns,
                          where memory is the bound and tiles only move more of it
       DOT(sum, a, b)     of tiles

   Few columns: the tiles of A are loaded from where they are, so that A is read once and
   never written; only what is left of the rows or of k is packed, with zeros.

       columns    17 ..    .. 16                      loads per product of tiles
       A x B      32 x 32  64 x 16 sums               1, 1.25 */

/* Where the tiles of A are: rows `pitch` apart, tiles `part`, 32 steps of k `step`. */
struct NAMED(TYPE, rows) {
    const char *place;
    size_t pitch, part, step;
};

static ALWAYS_INLINE void NAMED(TYPE, add_wide)(struct NAMED(TYPE, rows) a,
                                                const char *b, size_t steps)
{
    for (size_t p = 0; p < steps; p++, a.place += a.step, b += 2 * TILE_BYTES) {
        _tile_loadd(4, a.place, a.pitch);
        _tile_loadd(6, b, 64);
        DOT(0, 4, 6);
        _tile_loadd(7, b + TILE_BYTES, 64);
        DOT(1, 4, 7);
        _tile_loadd(5, a.place + a.part, a.pitch);
        DOT(2, 5, 6);
        DOT(3, 5, 7);
    }
}

static ALWAYS_INLINE void NAMED(TYPE, add_tall)(struct NAMED(TYPE, rows) a,
                                                const char *b, size_t steps)
{
    for (size_t p = 0; p < steps; p++, a.place += a.step, b += TILE_BYTES) {
        _tile_loadd(7, b, 64);
        _tile_loadd(4, a.place, a.pitch);
        DOT(0, 4, 7);
        _tile_loadd(5, a.place + a.part, a.pitch);
        DOT(1, 5, 7);
        _tile_loadd(6, a.place + 2 * a.part, a.pitch);
        DOT(2, 6, 7);
        _tile_loadd(4, a.place + 3 * a.part, a.pitch);
        DOT(3, 4, 7);
    }
}

static ALWAYS_INLINE void NAMED(TYPE, add)(bool tall, struct NAMED(TYPE, rows) a,
                                           const char *b, size_t steps)
{
    if (tall)
        NAMED(TYPE, add_tall)(a, b, steps);
    else
        NAMED(TYPE, add_wide)(a, b, steps);
}

static ALWAYS_INLINE void NAMED(TYPE, packed)(bool tall, size_t k, const char *a,
                                              const char *b, float *sums, size_t stride,
                                              bool first)
{
    const size_t step = (tall ? 4 : 2) * TILE_BYTES;
    const struct NAMED(TYPE, rows) rows = {a, 64, TILE_BYTES, step};
    begin();
    NAMED(TYPE, add)(tall, rows, b, (k + STEPS - 1) / STEPS);
    end(tall, sums, stride, first);
}

/* `count` lines of 32 steps, tile after tile. */
static ALWAYS_INLINE void NAMED(TYPE, pack_step)(const struct gemm_lines *lines,
                                                 size_t k, size_t count, bool by_line,
                                                 char *to)
{
    for (size_t line = 0; line < count; line += LINES, to += TILE_BYTES) {
        __m512i pairs[16];
        u16_pairs(lines, line, k, by_line, pairs);
        put(to, pairs);
    }
}

static ALWAYS_INLINE void NAMED(TYPE, direct)(bool tall, const struct gemm_lines *lines,
                                              const char *b, float *sums, size_t stride,
                                              bool first)
{
    const size_t count = tall ? 64 : 32, b_step = (tall ? 1 : 2) * TILE_BYTES;
    const size_t pitch = lines->line * sizeof(uint16_t);
    const struct NAMED(TYPE, rows) rows = {lines->data, pitch, 16 * pitch, 64};
    const size_t whole = lines->count >= count ? lines->k / STEPS : 0;
    char edge[4 * TILE_BYTES] __attribute__((aligned(64)));
    const struct NAMED(TYPE, rows) edges = {edge, 64, TILE_BYTES, 0};
    begin();
    NAMED(TYPE, add)(tall, rows, b, whole);
    for (size_t p = whole; p * STEPS < lines->k; p++) {
        NAMED(TYPE, pack_step)(lines, p * STEPS, count, true, edge);
        UNSEEN(edge);
        NAMED(TYPE, add)(tall, edges, b + p * b_step, 1);
        UNSEEN(edge);
    }
    end(tall, sums, stride, first);
}

#define PACK(name, count, by_line) \
    static bool NAMED(TYPE, name)(const struct gemm_lines *lines, void *panel) \
    { \
        char *to = panel; \
        for (size_t k = 0; k < lines->k; k += STEPS, to += (count) * 2 * STEPS) \
            NAMED(TYPE, pack_step)(lines, k, count, by_line, to); \
        return true; \
    }
#define TILE(name, run, tall, depth) \
    static void NAMED(TYPE, name)(size_t k, const void *a, bool along, const void *b, \
                                  void *sums, size_t stride, bool first) \
    { \
        (void)k, (void)along; \
        NAMED(TYPE, run)(tall, depth a, b, sums, stride, first); \
    }
#define WITH_K k,

PACK(pack_a64, 64, true)
PACK(pack_a32, 32, true)
PACK(pack_b32, 32, false)
PACK(pack_b16, 16, false)
TILE(packed_tall, packed, true, WITH_K)
TILE(packed_wide, packed, false, WITH_K)
TILE(direct_tall, direct, true, )
TILE(direct_wide, direct, false, )

/* Their depth: what is packed for it, B, or of A and B, stays in the caches. */
#define DIRECT(label, rows, columns, most, run) \
    {label, rows, columns, DOT_KC(8), 0, 2 * (columns) * DOT_KC(8), 2, 4, true, most, \
     NULL, NAMED(TYPE, pack_b##columns), NAMED(TYPE, run), NULL}
#define PACKED(label, rows, columns, most, run) \
    {label, rows, columns, AMX_DEPTH, 2 * (rows) * AMX_DEPTH, \
     2 * (columns) * AMX_DEPTH, 2, 4, false, most, NAMED(TYPE, pack_a##rows), \
     NAMED(TYPE, pack_b##columns), NAMED(TYPE, run), NULL}

const struct gemm_family *GETTER(void)
{
    static struct gemm_kernel kernels[] = {
        DIRECT("tall tiles in place", 64, 16, 16, direct_tall),
        DIRECT("tiles in place", 32, 32, 64, direct_wide),
        PACKED("tall tiles", 64, 16, 16, packed_tall),
        PACKED("tiles", 32, 32, 0, packed_wide),
    };
    static struct gemm_family family = {
        kernels, sizeof kernels / sizeof *kernels, NULL, 2, false};
    family.spare = SPARE();
    for (size_t i = 0; i < family.count; i++)
        kernels[i].store = family.spare->kernels->store;
    return &family;
}

#undef PACK
#undef TILE
#undef WITH_K
#undef DIRECT
#undef PACKED
#undef TYPE
#undef GETTER
#undef SPARE
#undef DOT
