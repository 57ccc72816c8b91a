"""The native kernels (kernels/native/conv*.c, winograd*.c) as variants.

    name        algorithm                                           computes
    direct      blocked over channels, border taps clipped          all, all directions
    pixel       vectors of neighbouring outputs                     few channels
    pointwise   a matrix product                                    1x1, or the image
    winograd2   F(2x2): 2.25 times fewer multiplications, 2.8       3x3, 5x5, stride 1
    winograd4   F(4x4): 4 times fewer, 6.25                         3x3, 5x5, stride 1
    winograd6   F(6x6): 5.06 times fewer                            3x3, stride 1
    dot         pairs by a dot instruction, or in the matrix unit   all
    fp16acc     sums kept in float16: for the study of accuracy     all
    fp16chunk   the same for 32 terms at a time, float32 across     all

All but direct compute backward-data where it is a forward problem, too (`mirror`).

Winograd adds and subtracts neighbours before it multiplies: an infinity in x, or a
bfloat16 beyond the range of float32 on its way, leaves NaN all over its tiles, where
direct leaves infinity where it belongs. That is no convolution of such numbers, and the
check says so: results of finite numbers that stay in range are not touched by it.

F(m x m, r x r) as in Lavin and Gray (CVPR 2016). All store half precision, sum in
float32 (but the last two), and take NHWC; NCHW is turned around and back while timed,
as its user would have to.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tenbin.dtypes import Array
from tenbin.errors import TenbinError
from tenbin.kernels import native as binding
from tenbin.kernels.conv.operands import as_nhwc, result_shape
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.variant import Plan, same

C_DIRECT, C_DOT = 8.0, 16.0  # observed: at most 1 and 4
C_WINOGRAD = {4: 4.0, 6: 32.0, 8: 128.0}  # by points of an axis: at most 1, 16, 55
BACKWARD = {"direct"}  # the others compute what `mirror` turns into a forward problem
_WINOGRAD = "at stride 1 and dilation 1, padded by less than the filter"
COMPUTES = {  # what the algorithms that do not compute every shape do
    "pixel": "fewer than 16 channels or filters, in one group",
    "pointwise": "1x1 and filters as large as the image, without padding",
    "winograd2": f"3x3 and 5x5 {_WINOGRAD}",
    "winograd4": f"3x3 and 5x5 {_WINOGRAD}",
    "winograd6": f"3x3 {_WINOGRAD}",
    "dot": "even numbers of channels in a group, 16 at least in matrix units",
}


def native(name: str, isa: str = "") -> Callable[[ConvProblem, str, int], Plan]:
    """Return the plans of the native algorithm of that name, by its best ISA or one."""

    def plan(problem: ConvProblem, dtype: str, threads: int) -> Plan:
        return _plan(name, problem, dtype, threads, isa or None)

    return plan


def lacking(name: str) -> Callable[[str], str]:
    """Return what says why this machine lacks the algorithm, or an empty string."""

    def missing(dtype: str) -> str:
        reason = binding.lacking(f"conv_{name}", dtype)
        return f"no native {name}: {reason}" if reason else ""

    return missing


def in_matrix_unit(name: str, dtype: str) -> bool:
    """Return whether this machine computes the algorithm in a matrix unit."""
    try:
        return str(binding.load().chosen(f"conv_{name}", dtype)).startswith("amx")
    except (TenbinError, ValueError):
        return False


def unfit(name: str) -> Callable[[ConvProblem, str], str]:
    """Return what says why the algorithm cannot compute a shape, or an empty string."""

    def misfit(problem: ConvProblem, dtype: str) -> str:
        shape = problem if name in BACKWARD else mirror(problem)
        if shape.direction != "forward" and name not in BACKWARD:
            return (
                f"{name} is for forward, and for backward-data where that is the same"
            )
        operation = operation_of(name, shape)
        try:
            fits = binding.load().conv_fits(operation, dtype, numbers(shape))
        except (TenbinError, ValueError):
            return ""  # not here, perhaps on a compute node
        return "" if fits else f"{name} computes {COMPUTES[name]}"

    return misfit


def mirror(problem: ConvProblem) -> ConvProblem:
    """Return the forward problem that computes backward-data, or the problem itself.

    At stride 1 the gradient of x is a convolution of that of y: filters are turned by
    half a circle, inputs and outputs exchanged, and padded is what padding has left.
    """
    padding = problem.dilation * (problem.r - 1) - problem.padding
    same = problem.r == problem.s and problem.stride == 1 and padding >= 0
    if problem.direction != "backward-data" or not same:
        return problem
    return replace(
        problem, direction="forward", padding=padding,
        c=problem.k, h=problem.p, w=problem.q, k=problem.c,
    )  # fmt: skip


def turned_filters(filters: Array, groups: int) -> Array:
    """Return filters (K, R, S, C/g) for the mirrored problem, as (C, R, S, K/g)."""
    k, r, s, depth = filters.shape
    parts = filters[:, ::-1, ::-1].reshape(groups, k // groups, r, s, depth)
    return parts.transpose(0, 4, 2, 3, 1).reshape(groups * depth, r, s, k // groups)


def operation_of(name: str, problem: ConvProblem) -> str:
    """Return the row of the native table that computes a direction."""
    if problem.direction == "forward":
        return f"conv_{name}"
    return f"conv_{problem.direction.replace('-', '_')}"


def numbers(problem: ConvProblem) -> tuple[int, ...]:
    """Return the 14 numbers of struct conv_shape."""
    sizes = (
        problem.n,
        problem.c,
        problem.h,
        problem.w,
        problem.k,
        problem.r,
        problem.s,
    )
    twice = (problem.stride, problem.padding, problem.dilation)
    return (*sizes, *(value for value in twice for _ in range(2)), problem.groups)


def _plan(
    name: str, problem: ConvProblem, dtype: str, threads: int, isa: str | None
) -> Plan:
    module = binding.load()
    shape = problem if name in BACKWARD else mirror(problem)
    call = (operation_of(name, shape), dtype, numbers(shape))
    scratch = module.aligned(module.conv_scratch_bytes(*call, threads, isa))
    layout = problem.layout
    packs = problem.direction != "backward-weights"

    def pack(weights: Array) -> Any:
        filters = as_nhwc(weights, layout)
        if shape is not problem:
            filters = turned_filters(filters, problem.groups)
        return module.conv_pack(*call, np.ascontiguousarray(filters), isa)

    def run(first: Array, second: Any, out: Array) -> Array:
        module.conv(*call, first, second, out, scratch, threads, isa)
        return out

    turned = np.empty(result_shape(problem), "uint16")

    def run_turned(first: Array, second: Any, out: Array) -> Array:
        x = np.ascontiguousarray(as_nhwc(first, layout))
        dy = second if packs else np.ascontiguousarray(as_nhwc(second, layout))
        y = turned.view(out.dtype)
        as_nhwc(out, layout)[...] = run(x, dy, y)
        return out

    details = {"algorithm": name, "isa": isa or module.chosen(*call[:2])}
    chosen = run if layout == "nhwc" else run_turned
    c, tile = _bound(name, problem)
    return Plan(chosen, pack=pack if packs else same, c=c, tile=tile, details=details)


def _bound(name: str, problem: ConvProblem) -> tuple[float, int]:
    """Return c and tile of the error's bound: sums may be off by c u sum |x w|."""
    if name.startswith("fp16"):
        return float(problem.terms**0.5), 1
    if name.startswith("winograd"):
        m = outputs_of(name)
        return C_WINOGRAD[m + problem.r - 1], m
    return C_DOT if name == "dot" else C_DIRECT, 1


def outputs_of(name: str) -> int:
    """Return the m of `winograd<m>`."""
    return int(name.removeprefix("winograd"))
