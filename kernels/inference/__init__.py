"""Inference: a trained LeNet-5 over a test set, and what half precision does to top-1.

    precision   variant and dtype       data        sums
    fp32        im2col float32          float32     float32
    dfp16       direct, auto float16    float16     float32
    mfp16       fp16acc, half float16   float16     float16
    bf16        direct, auto bfloat16   bfloat16    float32

The names are those of Naganuma and Yokota (HPC Asia 2018): d for data, m for math. The
net is trained in float32 and its weights are rounded, as for a net that is deployed.
Many ranks share the images.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from tenbin.case import SCALINGS, Case
from tenbin.kernel import Kernel, Options, Task
from tenbin.kernels import conv
from tenbin.kernels.inference.lenet import LAYERS
from tenbin.kernels.inference.problem import InferenceAxes, InferenceProblem, expand
from tenbin.kernels.training import data
from tenbin.limits import other_dtype

if TYPE_CHECKING:
    from tenbin.topology import Topology

VARIANTS = {
    name: conv.VARIANTS[name]
    for name in ("im2col", "torch", "half", "direct", "auto", "fp16acc")
}


def prepare(case: Case, topology: Topology, options: Options) -> Task:
    """Train the net, or take it from the case before, and make it ready. Collective."""
    from tenbin.kernels.inference.task import task

    whole = cast(InferenceProblem, case.whole)
    return task(whole, VARIANTS[case.variant], case.dtype, topology, options)


def misfit(case: Case) -> str:
    """Return why the case can run nowhere, or an empty string."""
    problem, variant = cast(InferenceProblem, case.whole), VARIANTS[case.variant]
    if problem.images < case.ranks:
        return f"{problem.label} cannot be split over {case.ranks} ranks"
    if reason := other_dtype(case, variant.accumulate):
        return reason
    shapes = (replace(layer, n=problem.batch) for layer in LAYERS)
    return next(
        filter(None, (variant.misfit(shape, case.dtype) for shape in shapes)), ""
    )


def decline(case: Case) -> str:
    """Return why the case cannot run here, or an empty string."""
    problem = cast(InferenceProblem, case.whole)
    lacks = VARIANTS[case.variant].missing(case.dtype)
    return lacks or misfit(case) or data.missing(problem.dataset)


KERNEL = Kernel(
    name="inference",
    summary="a trained LeNet-5 in half precision: time and top-1",
    problem=InferenceProblem,
    axes=InferenceAxes,
    expand=expand,
    presets={
        "smoke": (InferenceProblem("glyphs", 200, 100, 1, 50),),
        "mnist": (InferenceProblem("mnist"),),
    },
    variants=VARIANTS,
    dtypes=conv.DTYPES,
    prepare=prepare,
    scalings=SCALINGS,
    decline=decline,
    misfit=misfit,
)
