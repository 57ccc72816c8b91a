"""What every kernel works with: precision, basis, sums, memory, place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenbin.kernels.training.semi_nmf.arena import Arena
from tenbin.kernels.training.semi_nmf.basis import Basis, MakeBasis
from tenbin.kernels.training.semi_nmf.cholesky import cholesky
from tenbin.kernels.training.semi_nmf.eigen import eigen
from tenbin.kernels.training.semi_nmf.precision import PRECISIONS, Precision
from tenbin.kernels.training.semi_nmf.sums import Sums

if TYPE_CHECKING:
    from mpi4py import MPI

    from tenbin.kernels.training.semi_nmf.basis import Array

BASES: dict[str, MakeBasis] = {"cholesky": cholesky, "eigen": eigen}


@dataclass(frozen=True)
class Solver:
    """`share` are the number of ranks and which of them this is."""

    basis: MakeBasis = cholesky
    precision: Precision = PRECISIONS["float64"]
    share: tuple[int, int] = (1, 0)
    sums: Sums = field(default_factory=Sums)
    arena: Arena = field(default_factory=Arena)


def computed_once(make: MakeBasis, comm: MPI.Comm) -> MakeBasis:
    """Return a basis that rank 0 computes and broadcasts, in the place of all ranks."""

    def basis(gram: Array, alpha: float = 0.0) -> Basis:
        made: Basis | Exception | None = None
        if comm.rank == 0:
            try:
                made = make(gram, alpha)
            except Exception as error:  # every rank has to raise it
                made = error
        made = comm.bcast(made)
        if isinstance(made, Exception):
            raise made
        assert made is not None
        return made

    return basis
