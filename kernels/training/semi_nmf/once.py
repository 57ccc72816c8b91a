"""A basis that one rank computes for all: its time, or that of the broadcast.

rank 0     [ G = E E^T ][ E, D, S -> ]
others     [ wait       ][ E, D, S   ]       2 r^2 and r or r^2 words, in three messages
"""

from typing import Any

import numpy as np
from mpi4py import MPI

from tenbin.kernels.training.semi_nmf.basis import Array, Basis, MakeBasis
from tenbin.kernels.training.semi_nmf.sums import Sums

Likeness = tuple[tuple[int, ...], str]  # shape and dtype


def computed_once(make: MakeBasis, comm: MPI.Comm, sums: Sums) -> MakeBasis:
    """Return a basis that rank 0 computes and broadcasts, counted among the sums."""

    def basis(gram: Array, alpha: float = 0.0) -> Basis:
        made = _attempt(make, gram, alpha) if comm.rank == 0 else None
        return _spread(comm, made, sums)

    return basis


def _attempt(make: MakeBasis, gram: Array, alpha: float) -> Basis | Exception:
    try:
        return make(gram, alpha)
    except np.linalg.LinAlgError as error:  # every rank has to raise it
        return error


def _spread(comm: MPI.Comm, made: Basis | Exception | None, sums: Sums) -> Basis:
    """Return rank 0's basis on all ranks, or raise its error there."""
    parts: list[Any] = []
    told: list[Likeness | None] | Exception | None = None
    if isinstance(made, Basis):
        parts = [made.encode, made.decode, made.shrink]
        told = [None if a is None else (a.shape, a.dtype.name) for a in parts]
    elif made is not None:
        told = made
    with sums.counted(0):
        told = comm.bcast(told)
    if isinstance(told, Exception):
        raise told
    assert told is not None
    if comm.rank != 0:
        parts = [None if like is None else np.empty(*like) for like in told]
    for number, part in enumerate(parts):
        if part is not None:
            parts[number] = np.ascontiguousarray(part)
            with sums.counted(part.nbytes):
                comm.Bcast(parts[number])
    return Basis(*parts)
