/* Which implementation runs: a table of rows (operation, dtype, ISA, function).

   Adding a native kernel: its source files, one per ISA, and one row each in KERNELS
   (dispatch.c). A function that is called often looks its row up once and keeps it. */

#ifndef TENBIN_DISPATCH_H
#define TENBIN_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>

/* From slow to fast; the last supported one wins. */
enum isa {
    ISA_SCALAR,
    ISA_NEON,
    ISA_NEONFP16,
    ISA_SVE512,
    ISA_AVX2,
    ISA_AVX512,
    ISA_AVX512BF16,
    ISA_AVX512FP16,
    ISA_AMX,
    ISA_AMXFP16,
    ISA_COUNT
};

/* Any function: cast it back to its own type before the call. */
typedef void (*kernel_function)(void);

struct kernel {
    const char *operation;
    const char *dtype;
    enum isa isa;
    kernel_function run;
};

extern const char *const ISA_NAMES[ISA_COUNT];

/* Ask the CPU what it has and fill the table of rows that can run; call it once.
   `ceiling` is the value of TENBIN_ISA or NULL; a wrong one is an error only when
   dispatch() would have used it. */
void dispatch_fill(const char *ceiling);

bool isa_supported(enum isa isa);

/* Return row `index` of those this CPU can run, NULL behind the last. */
const struct kernel *dispatch_row(size_t index);

/* Return the row of exactly `isa`, or the fastest up to TENBIN_ISA where it is NULL.
   Return NULL where there is none, with the reason and the choices in `error`. */
const struct kernel *dispatch(const char *operation, const char *dtype,
                              const char *isa, char *error, size_t error_bytes);

#endif
