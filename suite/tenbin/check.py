"""Judging a result: element-wise bounds by dtype, safe against NaN.

An element is right when it is finite and

    |computed - exact| <= u_out |exact| + tiny + c u_acc S

where `exact` is the float64 result on the rounded inputs, S the sum of the absolute
products behind it, u_out the unit roundoff of the stored dtype, u_acc that of the
accumulator (Higham, Accuracy and Stability of Numerical Algorithms, 2002, eq. 3.5,
with the constant c measured instead of the worst-case K).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Tensor cores sum in float32 but cut off where others round, and align what they add
# first: Fasi, Higham, Mikaitis, Pranesh, PeerJ Computer Science 7:e330, 2021.
TENSOR_CORE = "float32 of tensor cores"
# With 8-bit operands Hopper keeps 14 bits: DeepSeek-V3, arXiv:2412.19437, 3.3.2.
TENSOR_CORE_8 = "14 bits of tensor cores"
UNIT_ROUNDOFF = {
    "float16": 2.0**-11,
    "bfloat16": 2.0**-8,
    "tf32": 2.0**-11,  # what tensor cores keep of a float32 operand
    TENSOR_CORE: 2.0**-22,
    TENSOR_CORE_8: 2.0**-13,
    "float32": 2.0**-24,
    "float64": 2.0**-53,
}
HALF_SMALLEST = {
    "float16": 2.0**-25,
    "bfloat16": 2.0**-134,
    "float32": 2.0**-150,
    "float64": 0.0,
}


@dataclass(frozen=True)
class Check:
    """A verdict: `error` is the largest error in units of its bound; right when <= 1.

    `method` names the check; an empty method means that nothing was checked.
    """

    ok: bool
    error: float
    method: str

    @classmethod
    def none(cls) -> "Check":
        """Return the verdict of a task that has nothing to check."""
        return cls(ok=True, error=0.0, method="")


def worse(one: Check, other: Check) -> Check:
    """Return the worse of two verdicts; an error that is not a number is infinite."""
    unknown = np.isnan(one.error) or np.isnan(other.error)
    return Check(
        ok=bool(one.ok and other.ok and not unknown),
        error=np.inf if unknown else max(one.error, other.error),
        method=one.method or other.method,
    )


def bound(
    exact: NDArray[np.float64],
    magnitude: ArrayLike,
    dtype: str,
    accumulate: str,
    c: float,
) -> NDArray[np.float64]:
    """Return the largest allowed error of each element; `magnitude` is S."""
    u_out, u_acc = UNIT_ROUNDOFF[dtype], UNIT_ROUNDOFF[accumulate]
    allowed = u_out * np.abs(exact) + HALF_SMALLEST[dtype]
    return np.asarray(allowed + c * u_acc * np.asarray(magnitude, dtype=np.float64))


def within(
    computed: ArrayLike, exact: ArrayLike, allowed: ArrayLike, method: str
) -> Check:
    """Judge `computed` against `exact` with the `allowed` error of each element."""
    error = np.abs(np.asarray(computed, dtype=np.float64) - np.asarray(exact))
    allowed = np.asarray(allowed, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.where(error == 0.0, 0.0, error / allowed)
    worst = float(np.max(excess, initial=0.0))
    return Check(ok=bool(worst <= 1.0), error=worst, method=method)


def equal(computed: NDArray[np.generic], exact: NDArray[np.generic]) -> Check:
    """Judge integer-valued data, whose sums are exact in any order: all bits equal."""
    wrong = int(np.count_nonzero(computed != exact))
    return Check(ok=wrong == 0, error=float(wrong), method="exact")
