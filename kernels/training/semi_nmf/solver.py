"""What every kernel works with: precision, basis, sums, space, memory, place."""

from dataclasses import dataclass, field

from tenbin.kernels.training.semi_nmf.arena import Arena
from tenbin.kernels.training.semi_nmf.basis import MakeBasis
from tenbin.kernels.training.semi_nmf.cholesky import cholesky
from tenbin.kernels.training.semi_nmf.eigen import eigen
from tenbin.kernels.training.semi_nmf.memory import Memory
from tenbin.kernels.training.semi_nmf.precision import PRECISIONS, Precision
from tenbin.kernels.training.semi_nmf.sums import Sums

BASES: dict[str, MakeBasis] = {"cholesky": cholesky, "eigen": eigen}


@dataclass(frozen=True)
class Solver:
    """`share` are the number of ranks and which of them this is."""

    basis: MakeBasis = cholesky
    precision: Precision = PRECISIONS["float64"]
    share: tuple[int, int] = (1, 0)
    sums: Sums = field(default_factory=Sums)
    arena: Arena = field(default_factory=Arena)
    memory: Memory = field(default_factory=Memory)
