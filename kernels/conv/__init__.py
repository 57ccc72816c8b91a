"""Convolution: y (N, P, Q, K) of x (N, H, W, C) and K filters of R x S, and gradients.

Many ranks split the images, or the channels where images are fewer, and never talk.

    fixed, strong   the problem is split over the ranks, however many there are
    weak            the problem is one rank's share: p ranks have N p images
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from tenbin.case import SCALINGS, Case
from tenbin.check import TENSOR_CORE
from tenbin.device import missing as no_gpu
from tenbin.device import single
from tenbin.kernel import Kernel, Options, Task
from tenbin.kernels import cuda
from tenbin.kernels.conv import cudnn as vendor
from tenbin.kernels.conv import half2, limits
from tenbin.kernels.conv.auto import auto
from tenbin.kernels.conv.axes import ConvAxes, expand
from tenbin.kernels.conv.half import half
from tenbin.kernels.conv.im2col import im2col
from tenbin.kernels.conv.im2col_cupy import im2col_cupy
from tenbin.kernels.conv.native import lacking, native, unfit
from tenbin.kernels.conv.presets import PRESETS
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.reference import reference
from tenbin.kernels.conv.torch import (
    forward_only,
    missing,
    missing_prepacked,
    torch,
    torch_prepacked,
)
from tenbin.kernels.conv.variant import Variant

if TYPE_CHECKING:
    from tenbin.topology import Topology

DTYPES = ("float16", "bfloat16", "float32")
WIDE = dict.fromkeys(DTYPES, "float32")
STORED = {"float16": "float32", "bfloat16": "float32"}
NATIVE = {
    "direct": STORED,
    "pixel": STORED,
    "pointwise": STORED,
    "winograd2": STORED,
    "winograd4": STORED,
    "winograd6": STORED,
    "dot": STORED,
    "fp16acc": {"float16": "float16"},
    "fp16chunk": {"float16": "float16"},
}

VARIANTS: dict[str, Variant] = {
    "reference": Variant(reference, accumulate=dict.fromkeys(DTYPES, "float64")),
    "half": Variant(
        half, accumulate={"float16": "float16"}, slow_flop_per_s={"float16": 0.5e9}
    ),
    "im2col": Variant(im2col, accumulate=WIDE),
    "torch": Variant(torch, accumulate=WIDE, missing=missing),
    "torch_prepacked": Variant(
        torch_prepacked, accumulate=WIDE, misfit=forward_only, missing=missing_prepacked
    ),
    "auto": Variant(auto, accumulate=STORED, missing=lacking("direct")),
    **{
        name: Variant(native(name), sums, unfit(name), lacking(name))
        for name, sums in NATIVE.items()
    },
    **{
        name: Variant(
            half2.half2(name),
            accumulate={"float16": sums},
            misfit=half2.unfit,
            missing=lambda dtype: no_gpu(),
            on_device=True,
        )
        for name, sums in cuda.ACCUMULATE.items()
    },
    "im2col_cupy": Variant(
        im2col_cupy,
        accumulate=dict.fromkeys(("float16", "float32"), single()),
        missing=lambda dtype: no_gpu(),
        on_device=True,
    ),
    "cudnn": Variant(
        vendor.cudnn,
        accumulate={"float16": TENSOR_CORE, "float32": "tf32"},
        misfit=vendor.unfit,
        missing=lambda dtype: vendor.missing(),
        on_device=True,
    ),
}


def prepare(case: Case, topology: Topology, options: Options) -> Task:
    """Make this rank's share of the case ready. Collective."""
    from tenbin.kernels.conv.task import task

    variant = VARIANTS[case.variant]
    return task(_whole(case), variant, case.dtype, topology, options)


def decline(case: Case) -> str:
    """Return why the case cannot run here, or an empty string."""
    return limits.why_not(case, _whole(case), VARIANTS[case.variant])


def misfit(case: Case) -> str:
    """Return why the case can run nowhere, or an empty string."""
    return limits.misfit(case, _whole(case), VARIANTS[case.variant])


def _whole(case: Case) -> ConvProblem:
    return cast(ConvProblem, case.whole)


KERNEL = Kernel(
    name="conv",
    summary="convolution in half precision, layer by layer",
    problem=ConvProblem,
    axes=ConvAxes,
    expand=expand,
    presets=PRESETS,
    variants=VARIANTS,
    dtypes=DTYPES,
    prepare=prepare,
    scalings=SCALINGS,
    decline=decline,
    misfit=misfit,
)
