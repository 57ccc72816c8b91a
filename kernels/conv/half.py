"""NumPy's own float16, tap by tap: the baseline that half precision starts from."""

import numpy as np

from tenbin.dtypes import Array
from tenbin.kernels.conv.operands import as_nhwc
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.reference import convolve
from tenbin.kernels.conv.variant import Plan


def half(problem: ConvProblem, dtype: str, threads: int) -> Plan:
    """Return the plan; every tap is rounded to float16 before it is added."""

    def run(first: Array, second: Array, out: Array) -> Array:
        a, b = (as_nhwc(array, problem.layout) for array in (first, second))
        with np.errstate(over="ignore", invalid="ignore"):
            as_nhwc(out, problem.layout)[...] = convolve(problem, a, b)
        return out

    return Plan(run)
