"""The history of a training run: one row per epoch, as it goes into the record."""

from dataclasses import asdict, dataclass, field
from typing import Any

from mpi4py import MPI

from tenbin.kernels.training.trainer import Progress


@dataclass(frozen=True)
class Row:
    """One epoch. Times are those of the slowest rank, errors shares of 1.

    The slowest is the one that waits least for the others; `more` is its own.

    `seconds` is the epoch alone, without the test; `comm_share` the part of it that
    communication took, `wait_share` the part that nothing hid.
    """

    epoch: int
    seconds: float
    loss: float
    test_error: float
    comm_share: float
    wait_share: float
    more: dict[str, Any] = field(default_factory=dict)


def row(
    comm: MPI.Comm, epoch: int, seconds: float, progress: Progress, test_error: float
) -> dict[str, Any]:
    """Return the row of an epoch in JSON types; collective."""
    slowest = comm.allreduce(seconds, op=MPI.MAX)
    busy = (seconds - progress.wait_s, comm.rank)
    _, busiest = comm.allreduce(busy, op=MPI.MAXLOC)
    shares = (progress.comm_s / seconds, progress.wait_s / seconds)
    comm_share, wait_share = (comm.allreduce(s, op=MPI.MAX) for s in shares)
    made = Row(
        epoch,
        slowest,
        float(progress.loss),
        test_error,
        comm_share,
        wait_share,
        comm.bcast(dict(progress.more), root=busiest),
    )
    return asdict(made)
