#define _GNU_SOURCE

#include "dispatch.h"

#include <stdio.h>
#include <string.h>

#include "add.h"
#include "conv.h"
#include "fma.h"
#include "gemm.h"
#include "stream.h"
#include "target.h"
#include "winograd.h"

#if defined(TENBIN_X86)
#include <cpuid.h>
#endif
#if defined(TENBIN_ARM) && defined(__linux__)
#include <sys/auxv.h>
#endif
#if defined(TENBIN_SVE512)
#include <sys/prctl.h>
#endif
#if defined(TENBIN_AMX)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#define ROW(operation, dtype, isa, function) \
    {operation, dtype, isa, (kernel_function)(function)}

#define ADD_ROWS(isa, suffix) \
    ROW("add", "float16", isa, add_f16_##suffix), \
    ROW("add", "bfloat16", isa, add_bf16_##suffix), \
    ROW("add", "float32", isa, add_f32_##suffix), \
    ROW("add", "float64", isa, add_f64_##suffix)

#define CONV_ROWS(operation, name, isa, suffix) \
    ROW(operation, "float16", isa, conv_##name##_f16_##suffix), \
    ROW(operation, "bfloat16", isa, conv_##name##_bf16_##suffix)

#define CONV_VECTOR_ROWS(isa, suffix) \
    CONV_ROWS("conv_direct", direct, isa, suffix), \
    CONV_ROWS("conv_pointwise", pointwise, isa, suffix), \
    CONV_ROWS("conv_pixel", pixel, isa, suffix), \
    CONV_ROWS("conv_backward_data", backward_data, isa, suffix), \
    CONV_ROWS("conv_backward_weights", backward_weights, isa, suffix)

#define GEMM_ROWS(isa, suffix) \
    ROW("gemm", "float16", isa, gemm_f16_##suffix), \
    ROW("gemm", "bfloat16", isa, gemm_bf16_##suffix), \
    ROW("gemm", "float32", isa, gemm_f32_##suffix)

#define WINOGRAD_ROWS(isa, suffix) \
    CONV_ROWS("conv_winograd2", winograd2, isa, suffix), \
    CONV_ROWS("conv_winograd4", winograd4, isa, suffix), \
    CONV_ROWS("conv_winograd6", winograd6, isa, suffix)

#define LOOP_ROWS(isa, suffix) \
    ROW("fma", "float32", isa, fma_f32_##suffix), \
    ROW("fma", "float64", isa, fma_f64_##suffix), \
    ROW("read", "uint64", isa, read_u64_##suffix), \
    ROW("triad", "float64", isa, triad_f64_##suffix), \
    ADD_ROWS(isa, suffix), \
    GEMM_ROWS(isa, suffix)

/* What every ISA of vectors has. */
#define VECTOR_ROWS(isa, suffix) \
    LOOP_ROWS(isa, suffix), \
    CONV_VECTOR_ROWS(isa, suffix), \
    WINOGRAD_ROWS(isa, suffix)

/* Everything that was compiled, from slow to fast within an operation and dtype. */
static const struct kernel KERNELS[] = {
    LOOP_ROWS(ISA_SCALAR, scalar),
    ROW("gemm_fp16acc", "float16", ISA_SCALAR, gemm_fp16acc_scalar),
    WINOGRAD_ROWS(ISA_SCALAR, scalar),
    CONV_ROWS("conv_direct", direct, ISA_SCALAR, scalar),
    ROW("conv_fp16acc", "float16", ISA_SCALAR, conv_fp16acc_scalar),
    ROW("conv_fp16chunk", "float16", ISA_SCALAR, conv_fp16chunk_scalar),
    CONV_ROWS("conv_backward_data", backward_data, ISA_SCALAR, scalar),
    CONV_ROWS("conv_backward_weights", backward_weights, ISA_SCALAR, scalar),
#if defined(TENBIN_ARM)
    VECTOR_ROWS(ISA_NEON, neon),
    ROW("gemm_fp16acc", "float16", ISA_NEONFP16, gemm_fp16acc_neonfp16),
    ROW("conv_fp16acc", "float16", ISA_NEONFP16, conv_fp16acc_neonfp16),
    ROW("conv_fp16chunk", "float16", ISA_NEONFP16, conv_fp16chunk_neonfp16),
#endif
#if defined(TENBIN_SVE512)
    VECTOR_ROWS(ISA_SVE512, sve512),
    ROW("fma", "float16", ISA_SVE512, fma_f16_sve512),
    ROW("gemm_fp16acc", "float16", ISA_SVE512, gemm_fp16acc_sve512),
    ROW("conv_fp16acc", "float16", ISA_SVE512, conv_fp16acc_sve512),
    ROW("conv_fp16chunk", "float16", ISA_SVE512, conv_fp16chunk_sve512),
#endif
#if defined(TENBIN_X86)
    VECTOR_ROWS(ISA_AVX2, avx2),
    ROW("gemm_fp16acc", "float16", ISA_AVX2, gemm_fp16acc_avx2),
    ROW("conv_fp16acc", "float16", ISA_AVX2, conv_fp16acc_avx2),
    ROW("conv_fp16chunk", "float16", ISA_AVX2, conv_fp16chunk_avx2),
    VECTOR_ROWS(ISA_AVX512, avx512),
#endif
#if defined(TENBIN_AVX512BF16)
    ROW("fma", "bfloat16", ISA_AVX512BF16, fma_bf16_avx512bf16),
    ROW("gemm_dot", "bfloat16", ISA_AVX512BF16, gemm_dot_bf16_avx512bf16),
    ROW("conv_dot", "bfloat16", ISA_AVX512BF16, conv_dot_bf16_avx512bf16),
#endif
#if defined(TENBIN_AVX512FP16)
    ROW("fma", "float16", ISA_AVX512FP16, fma_f16_avx512fp16),
    ROW("add", "float16", ISA_AVX512FP16, add_f16_avx512fp16),
    ROW("gemm_fp16acc", "float16", ISA_AVX512FP16, gemm_fp16acc_avx512fp16),
    ROW("conv_fp16acc", "float16", ISA_AVX512FP16, conv_fp16acc_avx512fp16),
    ROW("conv_fp16chunk", "float16", ISA_AVX512FP16, conv_fp16chunk_avx512fp16),
#endif
#if defined(TENBIN_AMX)
    ROW("gemm", "float16", ISA_AMX, gemm_f16_amx),
    ROW("gemm_dot", "bfloat16", ISA_AMX, gemm_dot_bf16_amx),
    ROW("conv_dot", "bfloat16", ISA_AMX, conv_dot_bf16_amx),
    ROW("gemm", "float16", ISA_AMXFP16, gemm_f16_amxfp16),
    ROW("conv_dot", "float16", ISA_AMXFP16, conv_dot_f16_amxfp16),
#endif
};

#define ROWS (sizeof KERNELS / sizeof KERNELS[0])

const char *const ISA_NAMES[ISA_COUNT] = {
    "scalar", "neon", "neonfp16", "sve512", "avx2", "avx512", "avx512bf16",
    "avx512fp16", "amx", "amxfp16",
};

static const struct kernel *runnable[ROWS];
static size_t runnable_count;
static char ceiling_name[32];

#if defined(TENBIN_X86)
/* __builtin_cpu_supports knows F16C only in newer compilers. */
static bool has_f16c(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
#endif

#if defined(TENBIN_ARM)
/* Arithmetic on float16 in vectors: FEAT_FP16. */
static bool has_neon_fp16(void)
{
#if defined(__linux__)
    return getauxval(AT_HWCAP) >> 10 & 1; /* HWCAP_ASIMDHP */
#else
    return false;
#endif
}
#endif

#if defined(TENBIN_SVE512)
/* SVE, and that vectors are as long here and now as its sources expect. */
static bool has_sve512(void)
{
    const bool sve = getauxval(AT_HWCAP) >> 22 & 1; /* HWCAP_SVE */
    return sve && (prctl(PR_SVE_GET_VL) & PR_SVE_VL_LEN_MASK) == 64;
}
#endif

#if defined(TENBIN_AMX)
/* AMX-BF16 and tiles, and the leave of the kernel to use their large registers. */
static bool has_amx(void)
{
    const long request = 0x1023, tile_data = 18; /* ARCH_REQ_XCOMP_PERM */
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return false;
    const bool bf16 = d >> 22 & 1, tiles = d >> 24 & 1;
    return bf16 && tiles && syscall(SYS_arch_prctl, request, tile_data) == 0;
}
#endif

#if defined(TENBIN_AMX)
static bool has_amx_fp16(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 21 & 1);
}
#endif

bool isa_supported(enum isa isa)
{
    switch (isa) {
    case ISA_SCALAR:
        return true;
#if defined(TENBIN_ARM)
    case ISA_NEON:
        return true;
    case ISA_NEONFP16:
        return has_neon_fp16();
#endif
#if defined(TENBIN_SVE512)
    case ISA_SVE512:
        return has_sve512();
#endif
#if defined(TENBIN_X86)
    case ISA_AVX2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               has_f16c();
    case ISA_AVX512:
        return isa_supported(ISA_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#endif
#if defined(TENBIN_AVX512BF16)
    case ISA_AVX512BF16:
        return isa_supported(ISA_AVX512) && __builtin_cpu_supports("avx512bf16");
#endif
#if defined(TENBIN_AVX512FP16)
    case ISA_AVX512FP16:
        return isa_supported(ISA_AVX512) && __builtin_cpu_supports("avx512fp16");
#endif
#if defined(TENBIN_AMX)
    case ISA_AMX:
        return isa_supported(ISA_AVX512BF16) && has_amx();
    case ISA_AMXFP16:
        return isa_supported(ISA_AMX) && has_amx_fp16();
#endif
    default:
        return false;
    }
}

void dispatch_fill(const char *ceiling)
{
#if defined(TENBIN_X86)
    __builtin_cpu_init();
#endif
    runnable_count = 0;
    for (size_t i = 0; i < ROWS; i++)
        if (isa_supported(KERNELS[i].isa))
            runnable[runnable_count++] = &KERNELS[i];
    snprintf(ceiling_name, sizeof ceiling_name, "%s", ceiling ? ceiling : "");
}

const struct kernel *dispatch_row(size_t index)
{
    return index < runnable_count ? runnable[index] : NULL;
}

/* Return the ISA of that name if this CPU has it, otherwise ISA_COUNT and an error. */
static enum isa find_isa(const char *what, const char *name, char *error, size_t bytes)
{
    char choices[128] = "";
    for (int isa = 0; isa < ISA_COUNT; isa++) {
        if (!isa_supported((enum isa)isa))
            continue;
        if (strcmp(name, ISA_NAMES[isa]) == 0)
            return (enum isa)isa;
        size_t used = strlen(choices);
        snprintf(choices + used, sizeof choices - used, "%s%s", used ? ", " : "",
                 ISA_NAMES[isa]);
    }
    snprintf(error, bytes, "%s %.31s: not an ISA of this CPU; choose from %s", what,
             name, choices);
    return ISA_COUNT;
}

const struct kernel *dispatch(const char *operation, const char *dtype,
                              const char *isa, char *error, size_t error_bytes)
{
    const char *name = isa ? isa : ceiling_name;
    enum isa limit = ISA_COUNT;
    if (*name) {
        limit = find_isa(isa ? "isa" : "TENBIN_ISA", name, error, error_bytes);
        if (limit == ISA_COUNT)
            return NULL;
    }
    const struct kernel *best = NULL;
    for (size_t i = 0; i < runnable_count; i++) {
        const struct kernel *row = runnable[i];
        bool allowed = isa ? row->isa == limit : row->isa <= limit;
        if (allowed && strcmp(row->operation, operation) == 0 &&
            strcmp(row->dtype, dtype) == 0)
            best = row;
    }
    if (!best)
        snprintf(error, error_bytes, "no native %.31s of %.31s for %s%s", operation,
                 dtype, *name ? "ISA " : "this CPU", name);
    return best;
}
