/* One multiply and one add per chain and step, as plain C computes them.
   Bound: the scalar floating-point pipes. */

#include "fma.h"
#include "target.h"

#define CHAINS 12

/* Keep each chain in a register of its own: compilers would pack them into vectors. */
#if defined(TENBIN_X86)
#define SEPARATE(x) __asm__("" : "+x"(x))
#elif defined(TENBIN_ARM)
#define SEPARATE(x) __asm__("" : "+w"(x))
#else
#define SEPARATE(x) (void)(x)
#endif

double fma_f32_scalar(size_t steps, double one)
{
    const float unit = (float)one;
    float chain[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        chain[i] = (float)i * unit;
    for (size_t step = 0; step < steps; step++)
        UNROLL
        for (int i = 0; i < CHAINS; i++) {
            chain[i] = chain[i] * unit + unit;
            SEPARATE(chain[i]);
        }
    double sum = 0.0;
    for (int i = 0; i < CHAINS; i++)
        sum += chain[i] - i;
    return sum;
}

double fma_f64_scalar(size_t steps, double one)
{
    const double unit = one;
    double chain[CHAINS];
    for (int i = 0; i < CHAINS; i++)
        chain[i] = i * unit;
    for (size_t step = 0; step < steps; step++)
        UNROLL
        for (int i = 0; i < CHAINS; i++) {
            chain[i] = chain[i] * unit + unit;
            SEPARATE(chain[i]);
        }
    double sum = 0.0;
    for (int i = 0; i < CHAINS; i++)
        sum += chain[i] - i;
    return sum;
}
