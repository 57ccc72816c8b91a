"""The definition, in float64, tap by tap: the oracle, slow and right.

    forward            y[n, p, q, k]  += x[n, h, w, c]  w[k, r, s, c]     for each r, s
    backward-data      dx[n, h, w, c] += dy[n, p, q, k] w[k, r, s, c]
    backward-weights   dw[k, r, s, c] += dy[n, p, q, k] x[n, h, w, c]

where h = p stride + r dilation - padding, w likewise with s, both within the image.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.dtypes import Array, narrow, widen
from tenbin.kernels.conv.operands import as_nhwc, result_shape
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.taps import taps
from tenbin.kernels.conv.variant import Plan

Floats = NDArray[Any]


def reference(problem: ConvProblem, dtype: str, threads: int) -> Plan:
    """Return the plan of the definition; BLAS multiplies, in float64."""

    def run(first: Array, second: Array, out: Array) -> Array:
        operands = (widen(a, dtype, "float64") for a in (first, second))
        exact = convolve(problem, *(as_nhwc(a, problem.layout) for a in operands))
        as_nhwc(out, problem.layout)[...] = narrow(exact, dtype)
        return out

    return Plan(run)


def convolve(problem: ConvProblem, first: Floats, second: Floats) -> Floats:
    """Return the result (N, H, W, C) or (K, R, S, C) of operands in that order.

    It is computed in the dtype of the operands, group by group.
    """
    result = np.zeros(result_shape(problem), first.dtype)
    k, c = problem.k // problem.groups, problem.depth
    for group in range(problem.groups):
        of_k, of_c = (slice(group * size, (group + 1) * size) for size in (k, c))
        _convolve_group(problem, first, second, result, of_k, of_c)
    return result


def _convolve_group(
    problem: ConvProblem,
    first: Floats,
    second: Floats,
    result: Floats,
    of_k: slice,
    of_c: slice,
) -> None:
    for r, s, (p, q), (h, w) in taps(problem):
        if problem.direction == "forward":
            result[:, p, q, of_k] += first[:, h, w, of_c] @ second[of_k, r, s].T
        elif problem.direction == "backward-data":
            result[:, h, w, of_c] += first[:, p, q, of_k] @ second[of_k, r, s]
        else:
            x, dy = first[:, h, w, of_c], second[:, p, q, of_k]
            result[of_k, r, s] += np.tensordot(dy, x, axes=((0, 1, 2), (0, 1, 2)))
