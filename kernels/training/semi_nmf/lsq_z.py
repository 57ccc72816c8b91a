"""K2, least squares in Z >= 0: min ||B - f(Z M^T + b)||^2 + beta ||Z||^2.

    repeat t_Z times:   R = B - f(Z M^T + b)
                        Z += M^+ R, shrunk by (I + beta (M^T M)^+)^-1, then max(0, Z)

M (p, k) is W without its bias. Both factors together, for full rank:

    Z += (R - (Z M^T) T) Q      Q = (M M^T + beta I)^-1 M = M (M^T M + beta I)^-1
                                T = beta (M M^T)^+

Z M^T is there already, and the smaller of the two Gram matrices is factorised. Samples
do not depend on each other: no communication. 4 q p k + 2 q p^2 FLOP a step.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf.arena import Arena
from tenbin.kernels.training.semi_nmf.basis import MakeBasis
from tenbin.kernels.training.semi_nmf.lsq_w import Activation, blocks, relu

Array = NDArray[Any]


def lsq_z(
    b: Array,
    w: Array,
    z: Array,
    beta: float,
    steps: int,
    basis: MakeBasis,
    arena: Arena,
    f: Activation = relu,
) -> None:
    """Improve Z (q, k) in place; B (q, p), W (p, k) or (p, k + 1) with a bias."""
    m, bias = w[:, : z.shape[1]], w[:, z.shape[1] :].sum(axis=1)
    q, t = step_matrices(m, beta, basis)
    dtype = b.dtype
    m, q, bias = (array.astype(dtype, copy=False) for array in (m, q, bias))
    t = t.astype(dtype, copy=False) if t is not None else None
    for rows in blocks(len(b), max(b.shape[1], z.shape[1]) * b.itemsize):
        for _ in range(steps):
            _step(b[rows], m, bias, z[rows], q, t, arena, f)


def step_matrices(
    m: Array, beta: float, basis: MakeBasis
) -> tuple[Array, Array | None]:
    """Return Q (p, k), and T (p, p) where there is a ridge term."""
    if len(m) <= m.shape[1]:
        gram = m @ m.T
        q = basis(gram, beta).inverse @ m
        return q, beta * basis(gram, 0.0).inverse if beta else None
    gram = m.T @ m
    q, pseudo = m @ basis(gram, beta).inverse, m @ basis(gram, 0.0).inverse
    return q, beta * (pseudo @ pseudo.T) if beta else None


def _step(
    b: Array,
    m: Array,
    bias: Array,
    z: Array,
    q: Array,
    t: Array | None,
    arena: Arena,
    f: Activation,
) -> None:
    linear = np.matmul(z, m.T, out=arena("linear", b.shape, b.dtype.name))
    r = np.add(linear, bias, out=arena("residual", b.shape, b.dtype.name))
    f(r)
    np.subtract(b, r, out=r)
    if t is not None:
        r -= np.matmul(linear, t, out=arena("shrunk", b.shape, b.dtype.name))
    z += np.matmul(r, q, out=arena("step", z.shape, z.dtype.name))
    np.maximum(z, 0, out=z)
