/* C = A B: the product of (m, k) and (k, n), sums in a wider type than the storage.

                     k                n                        n
               +-----------+    +-----------+   panels     +-------+
           mc  |  a block  | x  |           |  of nr   = mc | sums  |  rounded once
               +-----------+    |   B       |               +-------+
            m  |           |  k | packed    |
               +-----------+    +-----------+

   B is packed once, A block by block; packing widens (or splits) the elements, so that
   the innermost loop, a register tile of mr x nr, only multiplies and adds. Blocks of
   sums stay in the cache and are rounded once. After Goto and van de Geijn, Anatomy of
   High-Performance Matrix Multiplication, 2008, and Van Zee and van de Geijn, BLIS,
   2015. Cost: 2 m n k flops; every element of A is packed once for nc columns. */

#ifndef TENBIN_GEMM_H
#define TENBIN_GEMM_H

#include <stdbool.h>
#include <stddef.h>

/* A matrix in memory; strides in elements, one of them 1. */
struct gemm_matrix {
    const void *data;
    size_t row, column;
};

struct gemm_shape {
    size_t m, n, k;
};

/* Vectors of length k, side by side: rows of A, or columns of B. Either the elements of
   one are neighbours (step 1, "along"), or equal elements of all (line 1, "across"). */
struct gemm_lines {
    const void *data;
    size_t count, k;
    size_t line, step;
};

/* One register tile and what feeds it. Panels hold `mr` rows or `nr` columns, `kc` deep;
   what is missing is zero. A `direct` kernel reads A where it is, through its lines. */
struct gemm_kernel {
    const char *name;
    size_t mr, nr, kc;
    size_t a_bytes, b_bytes; /* of one panel */
    size_t element_bytes;    /* of the storage */
    size_t sum_bytes;
    bool direct;   /* `a` of the tile is a struct gemm_lines, along k */
    size_t most_n; /* made for products of at most so many columns; 0: any */

    /* Return false where the packed form cannot hold an element: see `spare`. */
    bool (*pack_a)(const struct gemm_lines *rows, void *panel);
    bool (*pack_b)(const struct gemm_lines *columns, void *panel);
    /* sums (mr, nr), rows `stride` apart, are set where `first`, otherwise added to. */
    void (*tile)(size_t k, const void *a, bool along, const void *b, void *sums,
                 size_t stride, bool first);
    /* Round `count` sums, `step` apart, into neighbours. */
    void (*store)(const void *sums, size_t step, size_t count, void *out);
};

/* What a row of the dispatch table holds: its kernels, the most special ones first. */
struct gemm_family {
    const struct gemm_kernel *kernels;
    size_t count;
    const struct gemm_family *spare; /* for what packing refused, or NULL */
    size_t least_n; /* narrower products are for the spare, too */
    bool in_order;  /* sums depend on their order: k is not split */
};

typedef const struct gemm_family *(*gemm_getter)(void);

struct gemm_product {
    struct gemm_shape shape;
    struct gemm_matrix a, b, c;
};

/* How a product will be computed. */
struct gemm_plan {
    const struct gemm_family *family;
    const struct gemm_kernel *kernel;
    struct gemm_product asked;
    struct gemm_product done; /* the same, or its mirror: C' = B' A', transposed */
    bool mirrored;
    size_t mc, nc;
    size_t pitch; /* of the sums: no power of two, so that rows differ in their sets */
    size_t blocks, splits; /* of the rows, and of k where rows are few */
    int threads;
    size_t b_bytes, thread_bytes, sums_bytes, scratch_bytes;
};

/* Choose kernel, blocks and splits for `threads` threads, 0 for OpenMP's own number. */
struct gemm_plan gemm_plan(const struct gemm_family *family,
                           const struct gemm_product *asked, int threads);

/* Compute; `scratch` holds `scratch_bytes`, on a cache line. Return false where packing
   refused an element: C is then undefined, and the spare family is to be asked. */
bool gemm_run(const struct gemm_plan *plan, void *scratch);

#define GEMM_GETTER(name) const struct gemm_family *name(void);

GEMM_GETTER(gemm_f16_scalar)
GEMM_GETTER(gemm_bf16_scalar)
GEMM_GETTER(gemm_f32_scalar)
GEMM_GETTER(gemm_f16_neon)
GEMM_GETTER(gemm_bf16_neon)
GEMM_GETTER(gemm_f32_neon)
GEMM_GETTER(gemm_f16_sve512)
GEMM_GETTER(gemm_bf16_sve512)
GEMM_GETTER(gemm_f32_sve512)
GEMM_GETTER(gemm_f16_avx2)
GEMM_GETTER(gemm_bf16_avx2)
GEMM_GETTER(gemm_f32_avx2)
GEMM_GETTER(gemm_f16_avx512)
GEMM_GETTER(gemm_bf16_avx512)
GEMM_GETTER(gemm_f32_avx512)
GEMM_GETTER(gemm_f16_amx)
GEMM_GETTER(gemm_f16_amxfp16)
GEMM_GETTER(gemm_fp16acc_scalar)
GEMM_GETTER(gemm_fp16acc_neonfp16)
GEMM_GETTER(gemm_fp16acc_sve512)
GEMM_GETTER(gemm_fp16acc_avx2)
GEMM_GETTER(gemm_fp16acc_avx512fp16)
GEMM_GETTER(gemm_dot_bf16_avx512bf16)
GEMM_GETTER(gemm_dot_bf16_amx)

#endif
