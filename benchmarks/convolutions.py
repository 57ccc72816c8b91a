"""Convolutions to measure, and contenders made ready for it: checked first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from interleaved import Run  # type: ignore[import-not-found]

from tenbin.case import Case
from tenbin.kernels.conv import KERNEL, VARIANTS, verify
from tenbin.kernels.conv.auto import FEW_CHANNELS
from tenbin.kernels.conv.networks import NETWORKS
from tenbin.kernels.conv.operands import as_nhwc, empty_result, operands, to_layout
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import share
from tenbin.kernels.conv.variant import Plan

LISTED = {
    "lenet-5": ("C1", "C3"),
    "alexnet-one-tower": ("conv1", "conv2", "conv3"),
    "vgg-16": ("conv1_1", "conv1_2", "conv3_2", "conv5"),
    "resnet-50": ("conv1", "2b", "2c", "2a", "3b", "4b", "4a", "5b", "5c"),
}  # fmt: skip


@dataclass(frozen=True)
class Contender:
    """A variant in a dtype and a layout; a native one may be held to an ISA."""

    variant: str
    dtype: str = "float16"
    layout: str = "nhwc"
    threads: int = 1
    plan: Callable[[ConvProblem, str, int], Plan] | None = None


def torch(dtype: str) -> dict[str, Contender]:
    """Return torch's ways in a dtype: NCHW, channels_last, prepacked."""
    return {
        f"{dtype} nchw": Contender("torch", dtype, "nchw"),
        f"{dtype} nhwc": Contender("torch", dtype, "nhwc"),
        f"{dtype} packed": Contender("torch_prepacked", dtype, "nchw"),
    }


def named(network: str, layer: str) -> ConvProblem:
    """Return a layer of a network at its own batch."""
    own = NETWORKS[network]
    (found,) = (one for one in own.layers if one.name == layer)
    return replace(found.problem, n=own.n)


def listed() -> dict[str, ConvProblem]:
    """Return 18 layers that are unlike each other, of four networks."""
    return {
        f"{network} {layer}": named(network, layer)
        for network, layers in LISTED.items()
        for layer in layers
    }


def algorithm(problem: ConvProblem) -> str:
    """Return the algorithm without a transform that is made for a layer."""
    if problem.r == problem.s == 1:
        return "pointwise"
    return "pixel" if problem.c < FEW_CHANNELS else "direct"


def ready(
    problem: ConvProblem, contenders: Mapping[str, Contender], seed: int = 1
) -> dict[str, Run]:
    """Return the calls of the contenders that compute the problem.

    Each has passed its check; raises SystemExit where one is wrong.
    """

    @cache
    def exact(dtype: str) -> tuple[Any, ...]:
        pair = operands(problem, share(problem, 1, 0), dtype, seed)
        return (*pair, verify.exact_sums(problem, *pair, dtype))

    @cache
    def magnitude(dtype: str, tile: int) -> Any:
        x, w, _ = exact(dtype)
        return verify.absolute_sums(problem, x, w, dtype, tile)

    return {
        label: _checked(problem, who, exact(who.dtype), magnitude)
        for label, who in contenders.items()
        if not declined(problem, who)
    }


def declined(problem: ConvProblem, who: Contender) -> str:
    """Return why a contender does not compute a problem here, or an empty string."""
    case = Case("conv", who.variant, who.dtype, replace(problem, layout=who.layout))
    return KERNEL.decline(case)


def _checked(
    problem: ConvProblem,
    who: Contender,
    right: tuple[Any, ...],
    magnitude: Callable[[str, int], Any],
) -> Run:
    x, w, exact = right
    shape = replace(problem, layout=who.layout)
    variant = VARIANTS[who.variant]
    plan = (who.plan or variant.plan)(shape, who.dtype, who.threads)
    first, second = (to_layout(array, who.layout) for array in (x, w))
    loaded, packed = plan.load(first), plan.pack(second)
    out = plan.place(empty_result(shape, who.dtype))
    result = as_nhwc(plan.read(plan.run(loaded, packed, out)), who.layout)
    sums = variant.sums(plan, who.dtype)
    shared = magnitude(who.dtype, plan.tile)
    allowed = verify.allowed(exact, shared, who.dtype, sums, plan.c)
    oracle = verify.Oracle(who.dtype, "nhwc", exact, shared, allowed)
    if not verify.judge(result, oracle).ok:
        raise SystemExit(f"{who} is wrong: {shape.label}")
    return lambda: plan.run(loaded, packed, out)
