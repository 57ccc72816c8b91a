"""K1 for the weights behind a hidden layer: into coordinates, steps, and back."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf.arena import Arena
from tenbin.kernels.training.semi_nmf.basis import Basis
from tenbin.kernels.training.semi_nmf.gram import gram
from tenbin.kernels.training.semi_nmf.lsq_w import blocks, lsq_w
from tenbin.kernels.training.semi_nmf.memory import pull
from tenbin.kernels.training.semi_nmf.solver import Solver

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Coordinates:
    """A basis of samples, this rank's in it (q, k), and the pull (k, k) of earlier."""

    basis: Basis
    v: Array
    pull: Array | None = None


def coordinates(z: Array, layer: int, alpha: float, solver: Solver) -> Coordinates:
    """Return the coordinates of samples [Z 1] (q, r) below a layer. One allreduce."""
    arena, precision = solver.arena, solver.precision
    wide = widened(z, precision.factor, arena)
    whole = gram(f"G {z.shape[1]}", wide, solver.sums)[0]
    past = solver.memory.add(layer, whole)
    basis = solver.basis(whole, alpha)
    v = arena("v", (len(z), len(basis.decode)), precision.bulk)
    for rows in blocks(len(z), v.shape[1] * wide.itemsize):
        place = arena("wide v", v[rows].shape, precision.factor)
        v[rows] = np.matmul(wide[rows], basis.decode.T, out=place)
    return Coordinates(basis, v, None if past is None else pull(past, basis.decode))


def widened(z: Array, dtype: str, arena: Arena) -> Array:
    """Return the samples in the precision of factors."""
    if z.dtype.name == dtype:
        return z
    wide = arena("wide z", z.shape, dtype)
    wide[...] = z
    return wide


def fit_w(b: Array, w: Array, place: Coordinates, steps: int, solver: Solver) -> Array:
    """Return W (p, r) after `steps` of K1 towards B (q, p); `steps` allreduces."""
    basis, bulk = place.basis, solver.precision.bulk
    c = (w @ basis.encode).astype(bulk)
    shrink, goal = _held(c, basis.shrink, place.pull)
    lsq_w(
        b, c, place.v, shrink, steps, solver.sums, solver.arena, solver.share, goal=goal
    )
    return np.asarray(c.astype(w.dtype, copy=False) @ basis.decode)


def _held(
    c: Array, shrink: Array | None, pull: Array | None
) -> tuple[Array | None, Array | None]:
    """Return S (k, k) and the goal (p, k) of steps C += .. - C S + goal.

    The ridge term holds C to zero, the pull P of earlier samples to where it is: C P.
    """
    if shrink is not None:
        shrink = shrink.astype(c.dtype, copy=False)
    if pull is None:
        return shrink, None
    pull = pull.astype(c.dtype, copy=False)
    goal = np.asarray(c @ pull)
    if shrink is None:
        return pull, goal
    return pull + (np.diag(shrink) if shrink.ndim == 1 else shrink), goal
