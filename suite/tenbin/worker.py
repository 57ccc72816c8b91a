"""The MPI side of a run: every rank of one launch executes this module.

    mpiexec -n RANKS python -m mpi4py -m tenbin.worker JOB.json

Rank 0 alone reads the job, says which case is in flight, and appends the records.
`-m mpi4py` turns an exception on any rank into an abort of all.
"""

import sys
from functools import partial
from pathlib import Path

import msgspec
from mpi4py import MPI

from tenbin.clock import synchronise
from tenbin.errors import UsageError
from tenbin.job import Job, decode_case, note_in_flight
from tenbin.results import store
from tenbin.topology import discover
from tenbin.weigh import Setting, weigh

ROOT = 0


def run_job(comm: MPI.Comm, job: Job) -> None:
    """Weigh every case of the job on `comm`; rank 0 appends the records."""
    if comm.size != job.ranks:
        raise UsageError(
            f"the launcher made a world of {comm.size} ranks, not {job.ranks}: "
            "its PMI does not fit this MPI library"
        )
    topology = discover(comm, job.ranks_per_node)
    clock = synchronise(comm)
    run = Path(job.run)
    writer = store.open_writer(run) if comm.rank == ROOT else None
    for number, data in enumerate(job.cases):
        case, kernel = decode_case(data, job.kernels)
        if comm.rank == ROOT:
            note_in_flight(run, number, case.key)
        clock = synchronise(comm, clock)  # clocks of different nodes drift apart
        alive = partial(note_in_flight, run, number, case.key)
        setting = Setting(job.run_id, job.launch, job.rule, job.options, clock, alive)
        record = weigh(case, kernel, topology, setting)
        if writer is not None:
            writer.append(record)
    if writer is not None:
        writer.close()
        note_in_flight(run, len(job.cases), "")
    topology.free()


def main(path: str) -> None:
    """Read the job on rank 0, share it, run it."""
    comm = MPI.COMM_WORLD
    data = Path(path).read_bytes() if comm.rank == ROOT else None
    run_job(comm, msgspec.json.decode(comm.bcast(data, root=ROOT), type=Job))


if __name__ == "__main__":
    main(sys.argv[1])
