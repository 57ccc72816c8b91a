/* Compile the functions between TARGET_BEGIN and TARGET_END for more than the baseline.

   One binary then runs anywhere: only a table row that the CPU supports is called.
   Include all headers before TARGET_BEGIN, so that no baseline code is caught in it. */

#ifndef TENBIN_TARGET_H
#define TENBIN_TARGET_H

#if defined(__x86_64__)
#define TENBIN_X86 1
#endif

#if defined(__aarch64__)
#define TENBIN_ARM 1
#endif

#if defined(__clang__)
#define TENBIN_COMPILER(gcc, clang) (__clang_major__ >= (clang))
#else
#define TENBIN_COMPILER(gcc, clang) (__GNUC__ >= (gcc))
#endif

#if defined(TENBIN_X86) && TENBIN_COMPILER(10, 9)
#define TENBIN_AVX512BF16 1
#endif

#if defined(TENBIN_X86) && defined(__linux__) && TENBIN_COMPILER(11, 12)
#define TENBIN_AMX 1
#endif

#if defined(TENBIN_X86) && TENBIN_COMPILER(12, 15)
#define TENBIN_AVX512FP16 1
#endif

/* UNROLL: keep an array of accumulators in registers, by unrolling its loop. */
#define TENBIN_PRAGMA(text) _Pragma(#text)

#if defined(__clang__)
#define TARGET_BEGIN(features) \
    TENBIN_PRAGMA(clang attribute push(__attribute__((target(features))), \
                                       apply_to = function))
#define TARGET_END _Pragma("clang attribute pop")
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define TARGET_BEGIN(features) \
    _Pragma("GCC push_options") TENBIN_PRAGMA(GCC target(features))
#define TARGET_END _Pragma("GCC pop_options")
#define UNROLL _Pragma("GCC unroll 32")
#endif

/* For functions whose arguments have to become constants. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

#define AVX2 "avx2,fma,f16c"
#define AVX512 "avx2,fma,f16c,avx512f,avx512bw,avx512vl"

#endif
