"""The contract of a GEMM variant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenbin.kernels.gemm.problem import GemmProblem

Array = Any  # of numpy or of cupy


def always() -> str:
    """Return that nothing is missing."""
    return ""


def fits(problem: GemmProblem) -> str:
    """Return that the variant takes every problem."""
    return ""


def untold(a: Array, b: Array, out: Array, threads: int) -> Mapping[str, Any]:
    """Return that there is nothing more to say."""
    return {}


@dataclass(frozen=True)
class Variant:
    """One implementation of C = A B.

    `run(a, b, out)` takes op(A) (m, k) and op(B) (k, n) as views of row-major storage,
    transposed where the problem says so, writes C (m, n) into `out` and returns `out`
    when it may be read; bfloat16 and float8 are bits (`tenbin.dtypes`). `accumulate`
    names the dtype of the sums for each dtype of storage: what is not in it is
    declined. `slow_flop_per_s` is the rate to expect of dtypes that have no BLAS: they
    run on one thread, and huge problems are declined. `missing` says what this machine
    lacks for it, `unfit` why it does not take a problem, `tell(a, b, out, threads)`
    what will run. `c` is the constant of the error bound. `on_device` variants take
    cupy arrays.
    """

    run: Callable[[Array, Array, Array], Array]
    accumulate: Mapping[str, str]
    slow_flop_per_s: Mapping[str, float] = field(default_factory=dict)
    missing: Callable[[], str] = always
    tell: Callable[[Array, Array, Array, int], Mapping[str, Any]] = untold
    unfit: Callable[[GemmProblem], str] = fits
    c: float = 8.0
    on_device: bool = False
