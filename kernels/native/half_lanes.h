/* What a template needs of its TYPE, f16 or bf16, on top of a header of lanes. */

#define JOIN_NAMES(a, b) a##b
#define JOIN(a, b) JOIN_NAMES(a, b)
#define NAME(part) JOIN(TYPE, _##part)
#define WIDEN(place) JOIN(widen_vector_, TYPE)(LOAD_HALF(place))
#define WIDEN_SOME(place, count) \
    JOIN(widen_vector_, TYPE)(LOAD_HALF_SOME(place, count))
#define ROUND(place, wide) STORE_HALF(place, JOIN(round_vector_, TYPE)(wide))
#define ROUND_SOME(place, count, wide) \
    STORE_HALF_SOME(place, count, JOIN(round_vector_, TYPE)(wide))
