/* The polynomials of F(2), F(3) and F(4) on one axis, at the points 0 p -p inf q -q.

   The filter at point a is w0 + w1 a + w2 a^2, at inf w2. The input at a is the product
   of x - b over the other points b of F(m), its powers of x replaced by the inputs d0 d1
   ...; where F(m) lacks points of F(4), times the a - b that are missing, so that one
   division serves all:

       F(3): a + q      F(2): (a + q)(a - q)

   The output i is the sum of a^i times what is at a, divided by the product of a - b over
   the other points b of F(4), the last one plus what is at inf. There are more filters
   than outputs of a tile, so the outputs divide.

   q is 2 p. F(2) alone is most accurate with p = 1; F(4) with p = 3/4, where constants
   of inputs and filters are exact, and the error is half of that with p = 1, a fourth at
   its largest: points on both sides of 1 keep their powers alike (Barabasz et al. 2020,
   arXiv:1803.10986). All arguments but vectors become constants. */

#define Q (2 * p)
#define TIMES(number, x) (spread(number) * (x))

static inline float point_p(size_t m)
{
    return m == 2 ? 1 : 0.75f;
}

/* Evaluate a filter at one point. Sums and differences of what two points share have
   units of their own beside those of madd on some CPUs. */
static ALWAYS_INLINE vec filter_at_point(float p, size_t point, const vec w[3])
{
    const vec even_p = madd(spread(p * p), w[2], w[0]), odd_p = TIMES(p, w[1]);
    const vec even_q = madd(spread(Q * Q), w[2], w[0]), odd_q = TIMES(Q, w[1]);
    const vec at[WINOGRAD_MOST] = {w[0], even_p + odd_p, even_p - odd_p,
                                   w[2], even_q + odd_q, even_q - odd_q};
    return at[point];
}

static ALWAYS_INLINE void input_2(float p, const vec *d, vec *at)
{
    at[0] = TIMES(-Q * Q, madd(spread(-p * p), d[0], d[2]));
    at[1] = TIMES(p * p - Q * Q, madd(spread(p), d[1], d[2]));
    at[2] = TIMES(p * p - Q * Q, madd(spread(-p), d[1], d[2]));
    at[3] = madd(spread(-p * p), d[1], d[3]);
}

static ALWAYS_INLINE void input_3(float p, const vec *d, vec *at)
{
    const vec even = madd(spread(-p * p), d[0], d[2]);
    const vec odd = madd(spread(-p * p), d[1], d[3]);
    const vec near = madd(spread(p - Q), d[2], d[3]);
    const vec far = madd(spread(-p - Q), d[2], d[3]);
    at[0] = TIMES(Q, madd(spread(-Q), even, odd));
    at[1] = TIMES(p + Q, madd(spread(-p * Q), d[1], near));
    at[2] = TIMES(Q - p, madd(spread(p * Q), d[1], far));
    at[3] = madd(spread(-Q), odd, madd(spread(-p * p), d[2], d[4]));
    at[4] = TIMES(2 * Q, odd);
}

static ALWAYS_INLINE void input_4(float p, const vec *d, vec *at)
{
    const vec even_p = madd(spread(-Q * Q), d[2], d[4]);
    const vec even_q = madd(spread(-p * p), d[2], d[4]);
    const vec odd_p = madd(spread(-Q * Q), d[1], d[3]);
    const vec odd_q = madd(spread(-p * p), d[1], d[3]);
    at[0] = madd(spread(p * p * Q * Q), d[0], madd(spread(-p * p - Q * Q), d[2], d[4]));
    at[1] = madd(spread(p), odd_p, even_p);
    at[2] = madd(spread(-p), odd_p, even_p);
    at[3] = madd(spread(p * p * Q * Q), d[1], madd(spread(-p * p - Q * Q), d[3], d[5]));
    at[4] = madd(spread(Q), odd_q, even_q);
    at[5] = madd(spread(-Q), odd_q, even_q);
}

/* 1 / the product of a - b: at 0, at p and -p, at q and -q. */
#define AT_0 (1 / (p * p * Q * Q))
#define AT_P (1 / (2 * p * p * (p * p - Q * Q)))
#define AT_Q (1 / (2 * Q * Q * (Q * Q - p * p)))

static ALWAYS_INLINE void output_2(float p, const vec *at, vec *y)
{
    y[0] = madd(spread(AT_P), at[1] + at[2], TIMES(AT_0, at[0]));
    y[1] = madd(spread(p * AT_P), at[1] - at[2], at[3]);
}

static ALWAYS_INLINE void output_3(float p, const vec *at, vec *y)
{
    const vec even = at[1] + at[2], odd = at[1] - at[2];
    y[0] = madd(spread(AT_Q), at[4], madd(spread(AT_P), even, TIMES(AT_0, at[0])));
    y[1] = madd(spread(Q * AT_Q), at[4], TIMES(p * AT_P, odd));
    y[2] = madd(spread(Q * Q * AT_Q), at[4], madd(spread(p * p * AT_P), even, at[3]));
}

static ALWAYS_INLINE void output_4(float p, const vec *at, vec *y)
{
    const vec even_p = at[1] + at[2], odd_p = at[1] - at[2];
    const vec even_q = at[4] + at[5], odd_q = at[4] - at[5];
    y[0] = madd(spread(AT_Q), even_q, madd(spread(AT_P), even_p, TIMES(AT_0, at[0])));
    y[1] = madd(spread(Q * AT_Q), odd_q, TIMES(p * AT_P, odd_p));
    y[2] = madd(spread(Q * Q * AT_Q), even_q, TIMES(p * p * AT_P, even_p));
    y[3] = madd(spread(Q * Q * Q * AT_Q), odd_q,
                madd(spread(p * p * p * AT_P), odd_p, at[3]));
}

#undef AT_0
#undef AT_P
#undef AT_Q
#undef Q
#undef TIMES

/* Evaluate the inputs of one F(m). */
static ALWAYS_INLINE void input_at_points(size_t m, float p, const vec *d, vec *at)
{
    if (m == 2)
        input_2(p, d, at);
    else if (m == 3)
        input_3(p, d, at);
    else
        input_4(p, d, at);
}

static ALWAYS_INLINE void outputs_from_points(size_t m, float p, const vec *at, vec *y)
{
    if (m == 2)
        output_2(p, at, y);
    else if (m == 3)
        output_3(p, at, y);
    else
        output_4(p, at, y);
}
