"""NMF, one step of Lee and Seung's rules: A ~ [V 1] U^T with A, U, V >= 0.

    V *= (A U_1) / ([V 1] U^T U_1 + eps)        U_1 = U without its last column
    U *= (A^T [V 1]) / (U [V 1]^T [V 1] + eps)

Algorithms for non-negative matrix factorization, NIPS 13 (2000). For A (q, n) and k
units 4 q n k + 4 q k^2 FLOP, a quarter of them saved by a symmetric product, and one
allreduce of (n + k / 2) k words.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf.gram import gram
from tenbin.kernels.training.semi_nmf.solver import Solver

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Codes:
    """`both` = [V 1] (q, k + 1) of this rank's samples and `u` (n, k + 1) of all."""

    both: Array
    u: Array
    units: int

    @property
    def v(self) -> Array:
        """Return V (q, k), a view."""
        return self.both[:, : self.units]


def random_codes(
    inputs: Array, units: int, ones: int, mine: range, whole: int, rng: Any
) -> Codes:
    """Return uniform U and V in [0, 1), the same for any number of ranks.

    `inputs` (q, n) are the samples `mine` of `whole`.
    """
    u = rng.random((inputs.shape[1], units + ones)).astype(inputs.dtype)
    both = np.ones((len(inputs), units + ones), inputs.dtype)
    both[:, :units] = rng.random((whole, units))[mine.start : mine.stop]
    return Codes(both, u, units)


def nmf_step(inputs: Array, codes: Codes, solver: Solver) -> None:
    """Improve V, then U, in place."""
    arena, dtype = solver.arena, inputs.dtype
    v, u = codes.v, codes.u
    u1 = u[:, : codes.units]
    above = np.matmul(inputs, u1, out=arena("above", v.shape, dtype.name))
    below = np.matmul(codes.both, u.T @ u1, out=arena("below", v.shape, dtype.name))
    below += np.finfo(dtype).eps
    above /= below
    v *= above
    whole, product = gram(f"NMF {u.shape}", codes.both, solver.sums, inputs)
    product /= u @ whole + np.finfo(dtype).eps
    u *= product
