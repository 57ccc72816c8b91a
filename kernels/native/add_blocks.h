/* The body of one add in vectors; included once for each dtype, after defining

       NAME            the function; REST is the scalar one, which takes the tail
       ELEMENT, LANES  the stored type and how many of it one WIDE holds
       WIDE, NARROW    a vector as it is added, and as it is stored
       LOAD(place)     -> WIDE
       ADD(WIDE, WIDE) -> WIDE
       ROUND(WIDE)     -> NARROW
       STORE(place, NARROW) */

#define VECTORS 4

/* Bytes from what is loaded to what is fetched: memory far from the core, such as lines
   that another core has just written, is hidden only by more loads than fit in flight
   beside the arithmetic (measured: a fifth of the time for 16-bit types). */
#define AHEAD 2048

/* Elements from `first` to the next cache line: a store across two lines is slow, and
   where alignment matters, arrays tend to be aligned alike. */
#define TO_LINE(place, first) \
    ((size_t)(-(uintptr_t)((const ELEMENT *)(place) + (first)) % 64) / sizeof(ELEMENT))

void NAME(void *const *out, size_t outputs, const void *const *in, size_t inputs,
          size_t first, size_t last)
{
    const size_t block = VECTORS * LANES;
    size_t i = first + TO_LINE(out[0], first);
    i = i < last ? i : last;
    REST(out, outputs, in, inputs, first, i);
    for (; last - i >= block; i += block) {
        for (size_t k = 0; k < inputs; k++)
            for (size_t byte = 0; byte < block * sizeof(ELEMENT); byte += 64)
                __builtin_prefetch((const char *)((const ELEMENT *)in[k] + i) + byte +
                                   AHEAD);
        WIDE sum[VECTORS];
        UNROLL
        for (size_t j = 0; j < VECTORS; j++)
            sum[j] = LOAD((const ELEMENT *)in[0] + i + LANES * j);
        for (size_t k = 1; k < inputs; k++) {
            const ELEMENT *next = (const ELEMENT *)in[k] + i;
            UNROLL
            for (size_t j = 0; j < VECTORS; j++)
                sum[j] = ADD(sum[j], LOAD(next + LANES * j));
        }
        NARROW stored[VECTORS];
        UNROLL
        for (size_t j = 0; j < VECTORS; j++)
            stored[j] = ROUND(sum[j]);
        for (size_t m = 0; m < outputs; m++) {
            ELEMENT *place = (ELEMENT *)out[m] + i;
            UNROLL
            for (size_t j = 0; j < VECTORS; j++)
                STORE(place + LANES * j, stored[j]);
        }
    }
    REST(out, outputs, in, inputs, i, last);
}

#undef VECTORS
#undef AHEAD
#undef TO_LINE
#undef NAME
#undef REST
#undef ELEMENT
#undef LANES
#undef WIDE
#undef NARROW
#undef LOAD
#undef ADD
#undef ROUND
#undef STORE
