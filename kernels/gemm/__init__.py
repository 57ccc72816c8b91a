"""GEMM: C (m, n) = op(A) (m, k) op(B) (k, n), row-major, with DeepBench's problems.

Many ranks split the columns of B and C, the batch (the rows of A and C where there are
fewer columns than ranks), and never talk: the product scales as its memory and its
clock do.

    fixed, strong   the problem is split over the ranks, however many there are
    weak            the problem is one rank's share: p ranks have n p columns

"n" stores an operand as it is used, "t" transposed; nothing is copied or transposed
while timed. DeepBench's own storage is column-major: its problem (m, n, k) is the same
work seen from the other side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tenbin.case import SCALINGS, Case
from tenbin.check import TENSOR_CORE_8
from tenbin.device import missing
from tenbin.kernel import Kernel, Options, Task
from tenbin.kernels import cuda
from tenbin.kernels.gemm import half2, limits
from tenbin.kernels.gemm.cublas import ACCUMULATE, cublas
from tenbin.kernels.gemm.cupy import cupy, sums
from tenbin.kernels.gemm.native import lacks, native, tell
from tenbin.kernels.gemm.numpy import numpy
from tenbin.kernels.gemm.nvmath import missing as no_nvmath
from tenbin.kernels.gemm.nvmath import nvmath, unfit
from tenbin.kernels.gemm.presets import PRESETS
from tenbin.kernels.gemm.problem import GemmAxes, GemmProblem, expand
from tenbin.kernels.gemm.reference import reference
from tenbin.kernels.gemm.torch import missing as no_torch
from tenbin.kernels.gemm.torch import torch
from tenbin.kernels.gemm.variant import Variant

if TYPE_CHECKING:
    from tenbin.topology import Topology

DTYPES = ("float32", "float64", "float16", "bfloat16", "float8_e4m3")
WIDE = {"float16": "float32", "float32": "float32", "float64": "float64"}
NARROW = dict.fromkeys(("float32", "float16", "bfloat16"), "float32")

VARIANTS: dict[str, Variant] = {
    "reference": Variant(
        reference,
        accumulate=dict.fromkeys(DTYPES, "float64"),
        slow_flop_per_s=dict.fromkeys(DTYPES, 1e9),
    ),
    "numpy": Variant(numpy, accumulate=WIDE, slow_flop_per_s={"float16": 0.5e9}),
    "native": Variant(
        native("gemm"), NARROW, missing=lacks("gemm", "float16"), tell=tell("gemm")
    ),
    "native-dot": Variant(
        native("gemm_dot"),
        {"bfloat16": "float32"},
        missing=lacks("gemm_dot", "bfloat16"),
        tell=tell("gemm_dot"),
        c=16.0,
    ),
    "native-fp16acc": Variant(
        native("gemm_fp16acc"),
        {"float16": "float16"},
        missing=lacks("gemm_fp16acc", "float16"),
        tell=tell("gemm_fp16acc"),
    ),
    "torch": Variant(torch, accumulate=WIDE | NARROW, missing=no_torch, c=16.0),
    "cupy": Variant(cupy, accumulate=sums(), missing=missing, on_device=True),
    **{
        name: Variant(cublas(name), accumulate, missing=missing, on_device=True)
        for name, accumulate in ACCUMULATE.items()
    },
    **{
        math: Variant(
            half2.half2(math),
            {"float16": dtype},
            missing=missing,
            tell=half2.tell(math),
            on_device=True,
        )
        for math, dtype in cuda.ACCUMULATE.items()
    },
    "nvmath": Variant(
        nvmath,
        {"float8_e4m3": TENSOR_CORE_8},
        missing=no_nvmath,
        unfit=unfit,
        on_device=True,
    ),
}


def prepare(case: Case, topology: Topology, options: Options) -> Task:
    """Make this rank's share of the case ready. Collective."""
    from tenbin.kernels.gemm.task import task

    variant = VARIANTS[case.variant]
    return task(_whole(case), variant, case.dtype, topology, options)


def decline(case: Case) -> str:
    """Return why the case cannot run, or an empty string."""
    return limits.why_not(case, _whole(case), VARIANTS[case.variant])


def misfit(case: Case) -> str:
    """Return why the case can run nowhere, or an empty string."""
    return limits.misfit(case, _whole(case), VARIANTS[case.variant])


def _whole(case: Case) -> GemmProblem:
    return cast(GemmProblem, case.whole)


KERNEL = Kernel(
    name="gemm",
    summary="matrix product, DeepBench's problems",
    problem=GemmProblem,
    axes=GemmAxes,
    expand=expand,
    presets=PRESETS,
    variants=VARIANTS,
    dtypes=DTYPES,
    prepare=prepare,
    scalings=SCALINGS,
    decline=decline,
    misfit=misfit,
)
