"""The history of a training run: one row per epoch, as it goes into the record."""

from dataclasses import asdict, dataclass, field
from typing import Any

from mpi4py import MPI

from tenbin.kernels.training.trainer import Progress


@dataclass(frozen=True)
class Row:
    """One epoch; errors are shares of 1.

    `seconds` is the epoch alone, without the test; `comm_share` the part of it that
    communication took, `wait_share` the part that nothing hid: each the largest of any
    rank. `more` is that of the rank that waits least. `ranks` are several counts where
    a stop left the epoch to another.
    """

    epoch: int
    ranks: list[int]
    seconds: float
    loss: float
    test_error: float
    comm_share: float
    wait_share: float
    more: dict[str, Any] = field(default_factory=dict)


def row(
    comm: MPI.Comm,
    epoch: int,
    ranks: list[int],
    seconds: float,
    progress: Progress,
    test_error: float,
) -> dict[str, Any]:
    """Return the row of an epoch in JSON types; collective."""
    longest = comm.allreduce(seconds, op=MPI.MAX)
    busy = (seconds - progress.wait_s, comm.rank)
    _, busiest = comm.allreduce(busy, op=MPI.MAXLOC)
    shares = (progress.comm_s / seconds, progress.wait_s / seconds)
    comm_share, wait_share = (comm.allreduce(s, op=MPI.MAX) for s in shares)
    made = Row(
        epoch,
        ranks,
        longest,
        float(progress.loss),
        test_error,
        comm_share,
        wait_share,
        comm.bcast(dict(progress.more), root=busiest),
    )
    return asdict(made)
