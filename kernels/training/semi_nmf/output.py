"""K3, semi-NMF of the linear output layer: min ||Y - [Z 1] W^T||^2, Z >= 0.

    W   ridge regression: Y^T [Z 1] ([Z 1]^T [Z 1] + alpha I)^-1
    Z   *= sqrt( (P+ + N- + beta Z) / (P- + N+ + beta Z + eps) )
        with P = Y M, N = [Z 1] W^T M, M = W without its bias, A+- = (|A| +- A) / 2

The multiplicative rule (Ding, Li, Jordan: Convex and semi-nonnegative matrix
factorizations, IEEE PAMI 32, 2010) never increases ||Y - [Z 1] W^T||^2; beta Z on both
sides makes its steps shorter. With
Q = W^T M, N+- = [Z 1] Q+- costs one product instead of two: N+ + N- = [Z 1] |Q| and
N+ - N- = ([Z 1] W^T) M, which is thin. Only W needs communication.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf.arena import Arena
from tenbin.kernels.training.semi_nmf.lsq_w import blocks

Array = NDArray[Any]


def output_w(product: Array, inverse: Array) -> Array:
    """Return W (p, r) from Y^T [Z 1] and the inverse of the ridged Gram matrix."""
    return np.asarray(product @ inverse)


def output_z(
    y: Array, w: Array, z: Array, units: int, beta: float, arena: Arena
) -> None:
    """Improve the first `units` columns of Z (q, r) in place; the rest are the ones."""
    w = w.astype(z.dtype, copy=False)
    m = w[:, :units]
    q_abs = np.abs(w.T @ m)
    for rows in blocks(len(z), z.shape[1] * z.itemsize):
        _rule(y[rows], w, m, q_abs, z[rows], beta, arena)


def _rule(
    y: Array, w: Array, m: Array, q_abs: Array, z: Array, beta: float, arena: Arena
) -> None:
    shape, dtype = (len(z), m.shape[1]), z.dtype.name
    half = z.dtype.type(0.5)
    variable = z[:, : m.shape[1]]
    # up = N+ + N- + P+ + P-,  down = (N+ - N-) - (P+ - P-)
    both = np.matmul(z, q_abs, out=arena("both", shape, dtype))
    p = np.matmul(y, m, out=arena("p", shape, dtype))
    down = np.matmul(z @ w.T, m, out=arena("down", shape, dtype))
    down -= p
    both += np.abs(p, out=p)
    above = np.subtract(both, down, out=p)
    below = np.add(both, down, out=both)
    for side in (above, below):
        side *= half
        np.maximum(side, 0, out=side)  # round-off
        if beta:
            side += np.multiply(variable, z.dtype.type(beta), out=down)
    below += np.finfo(z.dtype).eps
    above /= below
    variable *= np.sqrt(above, out=above)
