"""A basis by eigenvalues, as in the papers: about 9 n^3, with a rank decision.

    G = U S^2 U^T        E = U sqrt(S^2 + alpha),  D = sqrt(S^2 + alpha)^-1 U^T

Directions whose singular value is below CUT of the largest are dropped: their rows of D
are zero, so that shapes stay the same.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf.basis import Basis

Array = NDArray[Any]
CUT = {"float64": 1e-7, "float32": 1e-3}  # of singular values; squared in the Gram


def eigen(gram: Array, alpha: float = 0.0) -> Basis:
    """Return the basis of a Gram matrix (r, r); raise LinAlgError if it has NaN."""
    if not np.isfinite(gram).all():
        raise np.linalg.LinAlgError("the Gram matrix is not finite")
    squares, vectors = np.linalg.eigh(gram)
    kept = squares > CUT[gram.dtype.name] ** 2 * squares[-1]
    inverse = np.zeros_like(squares)
    np.divide(1.0, squares + alpha, out=inverse, where=kept)
    root = np.sqrt(inverse)
    encode = vectors * np.sqrt(np.where(kept, squares + alpha, 0.0))
    shrink = gram.dtype.type(alpha) * inverse if alpha else None
    return Basis(encode, root[:, None] * vectors.T, shrink)
