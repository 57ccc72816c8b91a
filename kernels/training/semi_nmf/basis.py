"""Basis: coordinates in which a least-squares step is a plain product.

For samples Z (q, r), their Gram matrix G = Z^T Z and a ridge term alpha, a basis holds

    G + alpha I = E E^T       encode E (r, k),  decode D = E^+ (k, r)
    V = Z D^T (q, k)          orthonormal up to the ridge

    weights W (p, r)   <->    C = W E (p, k),   W = C D,   Z W^T = V C^T

so that the ridge step W += (R^T Z - alpha W)(G + alpha I)^-1 on a residual R (q, p) is

    C += R^T V - C S          shrink S = alpha D D^T (k, k), or its diagonal (k,)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Basis:
    """The matrices above; no `shrink` without a ridge term."""

    encode: Array
    decode: Array
    shrink: Array | None = None

    @property
    def inverse(self) -> Array:
        """Return (G + alpha I)^-1, on the range of G where that is cut."""
        return np.asarray(self.decode.T @ self.decode)


MakeBasis = Callable[[Array, float], Basis]


def rounding(gram: Array) -> float:
    """Return an eigenvalue that is zero for all we know."""
    return 4.0 * float(np.finfo(gram.dtype).eps) * float(np.trace(gram))
