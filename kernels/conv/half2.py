"""Convolution on a GPU by the kernels of kernels/cuda/conv.cu, in half precision.

The gradient of the data is the same kernel over the output's gradient, spread by the
stride, with rotated filters:

    dx[h] = sum over r of  dy[(h - d (R-1) + padding + r d) / stride] * w[R-1-r]
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from tenbin import device
from tenbin.dtypes import Array
from tenbin.kernels import cuda
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.variant import Plan, on_gpu

FIELDS = "n c h w k r s p q stride padding_h padding_w dilation zoom groups"
SHAPE = np.dtype([(name, np.int32) for name in FIELDS.split()])  # struct Shape
LARGEST = 2**31 - 1


def half2(math: str) -> Callable[[ConvProblem, str, int], Plan]:
    """Return the plans of the kernel `conv_<math>`."""

    def plan(problem: ConvProblem, dtype: str, threads: int) -> Plan:
        kernel = device.kernel(cuda.source("conv.cu"), f"conv_{math}", cuda.OPTIONS)
        sizes, blocks = shape(problem), grid(problem)

        def run(first: Any, second: Any, out: Any) -> Any:
            kernel(blocks, (cuda.THREADS,), (first, second, out, sizes))
            device.synchronise()
            return out

        def pack(weights: Array) -> Any:
            return device.to_device(rotated(problem, weights))

        details = {"algorithm": f"conv_{math}"}
        return on_gpu(run, pack=pack, c=c(math, problem), details=details)

    return plan


def unfit(problem: ConvProblem, dtype: str) -> str:
    """Return why the kernels cannot compute a shape, or an empty string."""
    if problem.direction == "backward-weights":
        return "no half2 kernel sums over images: forward and backward-data only"
    if problem.layout != "nhwc":
        return "half2 takes neighbouring channels: nhwc only"
    result = shape(problem)[0]
    lines = int(result["n"]) * int(result["p"]) * int(result["q"])
    return "" if lines <= LARGEST else f"{lines} pixels are too many for half2"


def c(math: str, problem: ConvProblem) -> float:
    """Return the constant of the error bound: sums kept in half wander."""
    return max(8.0, problem.terms**0.5) if math == "mfp16" else 8.0


def shape(problem: ConvProblem) -> Array:
    """Return `struct Shape` of conv.cu, as an array of one."""
    p = problem
    rows, columns = (p.dilation * (side - 1) - p.padding for side in (p.r, p.s))
    if p.direction == "forward":
        sides = (p.n, p.c, p.h, p.w, p.k, p.r, p.s, p.p, p.q)
        taps = (p.stride, p.padding, p.padding, p.dilation, 1, p.groups)
    else:
        sides = (p.n, p.k, p.p, p.q, p.c, p.r, p.s, p.h, p.w)
        taps = (1, rows, columns, p.dilation, p.stride, p.groups)
    return np.array([(*sides, *taps)], SHAPE)


def grid(problem: ConvProblem) -> tuple[int, int, int]:
    """Return the blocks that cover the result: pixels, filters, groups."""
    result = shape(problem)[0]
    pixels = int(result["n"]) * int(result["p"]) * int(result["q"])
    groups = int(result["groups"])
    return cuda.grid(pixels, int(result["k"]) // groups, groups)


def rotated(problem: ConvProblem, weights: Array) -> Array:
    """Return filters (K, R, S, C/g) as the kernel takes them for a direction.

    Backward they are turned by half a turn, and their two channels change places.
    """
    if problem.direction == "forward":
        return weights
    k, r, s, depth = weights.shape
    split = weights.reshape(problem.groups, k // problem.groups, r, s, depth)
    turned = split[:, :, ::-1, ::-1].transpose(0, 4, 2, 3, 1)
    return np.ascontiguousarray(turned).reshape(problem.c, r, s, -1)
