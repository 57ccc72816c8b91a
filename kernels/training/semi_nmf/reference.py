"""The three kernels as the papers write them: thin SVDs, samples as columns, one rank.

Slow and obvious; what the others are checked against. A (r, q) includes its row of
ones, W (p, r) the bias; U S V^T is the truncated SVD of the matrix named in `tsvd`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
NUMERICAL_RANK = 1e-14


def relu(u: Array) -> Array:
    """Return max(u, 0)."""
    return np.asarray(np.maximum(u, 0.0))


def tsvd(a: Array, delta: float = NUMERICAL_RANK) -> tuple[Array, Array, Array]:
    """Return U, s, V of the singular values above `delta` times the largest."""
    u, s, vt = np.linalg.svd(a, full_matrices=False)
    k = int(np.count_nonzero(s > delta * s[0]))
    return u[:, :k], s[:k], vt[:k].T


def lsq_w(
    b: Array,
    w: Array,
    a: Array,
    factors: tuple[Array, Array, Array],
    alpha: float,
    steps: int,
    f: Callable[[Array], Array] = relu,
) -> Array:
    """K1: W <- (W + (B - f(W A)) V S^-1 U^T) U diag(s^2 / (alpha + s^2)) U^T."""
    u, s, v = factors
    for _ in range(steps):
        w = w + ((b - f(w @ a)) @ v / s) @ u.T
        w = (w @ u * (s**2 / (alpha + s**2))) @ u.T
    return w


def lsq_z(
    b: Array,
    w: Array,
    z: Array,
    beta: float,
    steps: int,
    f: Callable[[Array], Array] = relu,
) -> Array:
    """K2: Z <- max(0, (I + beta V S^-2 V^T)^-1 (Z + V S^-1 U^T (B - f(W [Z; 1]))))."""
    k = len(z)
    u, s, v = tsvd(w[:, :k])
    shrink = np.linalg.inv(np.eye(k) + beta * (v / s**2) @ v.T)
    for _ in range(steps):
        r = b - f(w[:, :k] @ z + w[:, k:].sum(axis=1, keepdims=True))
        z = np.maximum(0.0, shrink @ (z + v @ ((u.T @ r).T / s).T))
    return z


def output_w(y: Array, w: Array, a: Array, alpha: float) -> Array:
    """K3 in W: one step of K1 with f = identity."""
    return lsq_w(y, w, a, tsvd(a), alpha, 1, lambda u: u)


def output_z(y: Array, w: Array, z: Array, beta: float) -> Array:
    """K3 in Z: the multiplicative rule; W (p, k) or with a bias (p, k + 1)."""
    k = len(z)
    both = np.vstack([z, np.ones((w.shape[1] - k, z.shape[1]))])
    m = w[:, :k]
    p, q = m.T @ y, m.T @ w
    above = np.maximum(p, 0) + np.maximum(-q, 0) @ both + beta * z
    below = np.maximum(-p, 0) + np.maximum(q, 0) @ both + beta * z
    return np.asarray(z * np.sqrt(above / (below + np.finfo(float).eps)))
