/* The polynomials of F(m, r) on one axis, at the first n = m + r - 1 of these points:

       0  p  -p  inf  q  -q  s  -s          n = 4, 6, 8: pairs a, -a    5, 7: one a alone

   A convolution has `most` of them in its whole tiles, fewer in the last one of a row;
   that changes no filter, so that all tiles share U.

   The filter at a is the sum of w[k] a^k, at inf its last w. The input at a is the
   product of x - b over the other points b, its powers of x replaced by the inputs d0 d1
   ...; where points are lacking, times their a - b, so that one division serves all. An
   output i is the sum of a^i times what is at a, divided by the product of a - b over
   the other points b of all `most`; the last one plus what is at inf. There are more
   filters than outputs of a tile, so the outputs divide.

   Points come in pairs, since sums over even and over odd powers serve both of a pair:

       input at a, -a    even + a odd, even - a odd    of the product of x^2 - b^2

   With one a alone, all others are those of the pairs, from d1 - a d0, d2 - a d1, ...

   Points on both sides of 1 keep their powers alike (Barabasz et al. 2020,
   arXiv:1803.10986). Of the multiples of 1/8 up to 5/2, three pairs are most accurate at
   1/2, 1, 2; two at 3/4, 3/2, with half the error of 1, 2. All of these make constants
   that are exact. All arguments but vectors become constants. */

#define PAIRS(n) (((n) - 2) / 2)
#define AT_INF 3
#define AT_PAIR(i) ((i) == 0 ? 1 : 2 * (i) + 2)
#define TIMES(number, x) (spread(number) * (x))

static ALWAYS_INLINE float point_of_pair(size_t most, size_t i)
{
    if (most == 4)
        return 1;
    if (most == 6)
        return i == 0 ? 0.75f : 1.5f;
    return i == 0 ? 1 : i == 1 ? 0.5f : 2;
}

static ALWAYS_INLINE float square(size_t most, size_t i)
{
    return point_of_pair(most, i) * point_of_pair(most, i);
}

/* The product of x^2 - a^2 over the pairs `from` .. `to` - 1 but `skip`. */
static ALWAYS_INLINE float distance(size_t most, size_t from, size_t to, size_t skip,
                                    float x_square)
{
    float product = 1;
    UNROLL
    for (size_t i = from; i < to; i++)
        if (i != skip)
            product *= x_square - square(most, i);
    return product;
}

/* The same product over the first `pairs` with d[0] d[2] d[4] ... for powers of x^2. */
static ALWAYS_INLINE vec product(size_t most, size_t pairs, size_t skip, const vec *d)
{
    float of_power[WINOGRAD_MOST / 2] = {1};
    size_t degree = 0;
    UNROLL
    for (size_t i = 0; i < pairs; i++)
        if (i != skip) {
            degree++;
            UNROLL
            for (size_t k = degree; k > 0; k--)
                of_power[k] = of_power[k - 1] - square(most, i) * of_power[k];
            of_power[0] *= -square(most, i);
        }
    vec sum = d[2 * degree];
    UNROLL
    for (size_t k = degree; k > 0; k--)
        sum = madd(spread(of_power[k - 1]), d[2 * k - 2], sum);
    return sum;
}

/* Evaluate a filter of r taps at one point. Sums and differences of what two points
   share have units of their own beside those of madd on some CPUs. */
static ALWAYS_INLINE vec filter_at_point(size_t most, size_t r, size_t point,
                                         const vec *w)
{
    if (point == 0 || point == AT_INF)
        return w[point ? r - 1 : 0];
    const size_t pair = point < AT_INF ? 0 : point / 2 - 1;
    const float a = point_of_pair(most, pair);
    vec even = w[(r - 1) / 2 * 2], odd = w[r / 2 * 2 - 1];
    UNROLL
    for (size_t k = (r - 1) / 2; k > 0; k--)
        even = madd(spread(a * a), even, w[2 * k - 2]);
    UNROLL
    for (size_t k = r / 2 - 1; k > 0; k--)
        odd = madd(spread(a * a), odd, w[2 * k - 1]);
    odd = TIMES(a, odd);
    return point == AT_PAIR(pair) ? even + odd : even - odd;
}

/* Evaluate the inputs at 0, at inf and at pairs, all times what is lacking. */
static ALWAYS_INLINE void input_at_pairs(size_t most, size_t pairs, const vec *d, vec *at)
{
    at[0] = product(most, pairs, pairs, d);
    at[AT_INF] = product(most, pairs, pairs, d + 1);
    UNROLL
    for (size_t i = 0; i < pairs; i++) {
        const vec odd = product(most, pairs, i, d + 1);
        const vec even = product(most, pairs, i, d + 2);
        at[AT_PAIR(i)] = madd(spread(point_of_pair(most, i)), odd, even);
        at[AT_PAIR(i) + 1] = madd(spread(-point_of_pair(most, i)), odd, even);
    }
}

/* Evaluate n inputs at n points. */
static ALWAYS_INLINE void input_at_points(size_t most, size_t n, const vec *d, vec *at)
{
    const size_t pairs = PAIRS(n), all = PAIRS(most), have = pairs + n % 2;
    const float alone = n % 2 ? point_of_pair(most, pairs) : 0;
    vec shifted[WINOGRAD_MOST];
    if (n % 2) {
        UNROLL
        for (size_t i = 0; i + 1 < n; i++)
            shifted[i] = madd(spread(-alone), d[i], d[i + 1]);
        input_at_pairs(most, pairs, shifted, at);
        at[n - 1] = TIMES(2 * alone * distance(most, have, all, all, alone * alone),
                          product(most, pairs, pairs, d + 1));
    } else
        input_at_pairs(most, pairs, d, at);
    if (n == most)
        return;
    at[0] = TIMES((n % 2 ? alone : 1) * distance(most, have, all, all, 0), at[0]);
    UNROLL
    for (size_t i = 0; i < pairs; i++) {
        const float a = point_of_pair(most, i);
        const float lacking = distance(most, have, all, all, a * a);
        at[AT_PAIR(i)] = TIMES((n % 2 ? alone + a : 1) * lacking, at[AT_PAIR(i)]);
        at[AT_PAIR(i) + 1] = TIMES((n % 2 ? alone - a : 1) * lacking, at[AT_PAIR(i) + 1]);
    }
}

static ALWAYS_INLINE float power(float a, size_t exponent)
{
    float result = 1;
    UNROLL
    for (size_t i = 0; i < exponent; i++)
        result *= a;
    return result;
}

/* Interpolate m outputs from n points. */
static ALWAYS_INLINE void outputs_from_points(size_t most, size_t n, size_t m,
                                              const vec *at, vec *y)
{
    const size_t pairs = PAIRS(n), all = PAIRS(most);
    vec even[WINOGRAD_MOST / 2], odd[WINOGRAD_MOST / 2];
    UNROLL
    for (size_t i = 0; i < pairs; i++) {
        even[i] = at[AT_PAIR(i)] + at[AT_PAIR(i) + 1];
        odd[i] = at[AT_PAIR(i)] - at[AT_PAIR(i) + 1];
    }
    if (n % 2)
        even[pairs] = odd[pairs] = at[n - 1];
    UNROLL
    for (size_t k = 0; k < m; k++) {
        y[k] = k == m - 1 ? at[AT_INF] : spread(0);
        if (k == 0)
            y[k] = madd(spread(1 / distance(most, 0, all, all, 0)), at[0], y[k]);
        UNROLL
        for (size_t i = 0; i < pairs + n % 2; i++) {
            const float a = point_of_pair(most, i);
            const float all_but = 2 * a * a * distance(most, 0, all, i, a * a);
            y[k] = madd(spread(power(a, k) / all_but), k % 2 ? odd[i] : even[i], y[k]);
        }
    }
}

#undef PAIRS
#undef AT_INF
#undef AT_PAIR
#undef TIMES
