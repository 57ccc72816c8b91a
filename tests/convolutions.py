"""A small convolution, its operands on one rank, its cases."""

from typing import Any

from tenbin.case import Case
from tenbin.kernels.conv.operands import operands
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import share

SQUARE = ConvProblem(2, 8, 9, 9, 16, 3, 3, padding=1)


def whole(problem: ConvProblem, dtype: str, seed: int = 1) -> tuple[Any, Any]:
    return operands(problem, share(problem, 1, 0), dtype, seed)


def case(problem: ConvProblem, variant: str = "im2col", **more: Any) -> Case:
    given = {"kernel": "conv", "dtype": "float16", **more}
    return Case(**given, variant=variant, problem=problem)
