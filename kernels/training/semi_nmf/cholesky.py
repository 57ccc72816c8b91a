"""A basis by Cholesky's factorisation: n^3 / 3 + n^3 / 3, no eigenvalues.

    G + alpha I = L L^T        E = L,  D = L^-1

The ridge term takes the place of a rank decision; where it is lost in rounding, a shift
above it does. A shift that is too small for a factorisation grows tenfold.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf.basis import Basis, rounding

Array = NDArray[Any]
LEAF = 64  # below it the inverse is LAPACK's
SHIFT = {"float64": 1e-12, "float32": 5e-7}  # of the trace


def cholesky(gram: Array, alpha: float = 0.0) -> Basis:
    """Return the basis of a Gram matrix (r, r); raise LinAlgError if it has NaN."""
    if not np.isfinite(gram).all():
        raise np.linalg.LinAlgError("the Gram matrix is not finite")
    shift = SHIFT[gram.dtype.name] * float(np.trace(gram))
    lower = factor(gram, alpha if alpha > rounding(gram) else shift)
    decode = triangular_inverse(lower)
    shrink = decode @ decode.T * gram.dtype.type(alpha) if alpha else None
    return Basis(lower, decode, shrink)


def factor(gram: Array, shift: float) -> Array:
    """Return L of the shifted matrix."""
    shifted = gram.copy()
    diagonal = np.einsum("ii->i", shifted)
    while True:
        np.add(np.einsum("ii->i", gram), shift, out=diagonal)
        try:
            return np.linalg.cholesky(shifted)
        except np.linalg.LinAlgError:
            shift = 10.0 * shift or 1.0


def triangular_inverse(lower: Array) -> Array:
    """Return the inverse of a lower triangular matrix, half by half.

    a 0  ^-1         a^-1          0
    b c       =  -c^-1 b a^-1    c^-1
    """
    n = len(lower)
    if n <= LEAF:
        return np.tril(np.linalg.inv(lower))
    half = n // 2
    first = triangular_inverse(lower[:half, :half])
    last = triangular_inverse(lower[half:, half:])
    inverse = np.zeros_like(lower)
    inverse[:half, :half], inverse[half:, half:] = first, last
    inverse[half:, :half] = -(last @ (lower[half:, :half] @ first))
    return inverse
