"""An epoch on two ranks of one thread each against one: semi-NMF and backpropagation.

    TENBIN_DATA=... mpiexec -n 2 python -m mpi4py benchmarks/training_scaling.py

Net 784-1000-500-10. The same global batch (strong) and a batch for each rank (weak),
one rank and all of them in turns in one process group; a rank that has nothing to do
sleeps. Efficiency is T1 / (p Tp) or T1 / Tp, the median over the rounds of the slowest
rank's time. "apart" is what the machine allows: all ranks do the one-rank epoch at once
and never talk, so cores that share power, caches or a hypervisor's time show. Semi-NMF
starts from random numbers: a sweep costs the same. Exits 1 where the strong efficiency
of semi-NMF at a batch of 5000 is below its bar.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI
from threadpoolctl import threadpool_limits

from tenbin.kernels.training import variant
from tenbin.kernels.training.data import Dataset, default, load
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.trainer import Setup, Trainer
from tenbin.topology import Topology, discover

BAR = 0.85
WORLD = MPI.COMM_WORLD


@dataclass(frozen=True)
class Case:
    """A method at a batch, and the batches that an epoch has."""

    name: str
    batch: int
    steps: int
    bar: float = 0.0


CASES = (
    Case("semi-nmf-random", 5000, 1, BAR),
    Case("sgd", 128, 20),
    Case("sgd", 5000, 1),
)


def trainer(
    case: Case, topology: Topology, data: Dataset, ranks: int, how: str
) -> Trainer:
    """Return a trainer whose epoch is `case.steps` batches."""
    problem = TrainingProblem(
        data.name, "1000-500", case.batch * ranks, rate=0.01, allreduce=how
    )
    count = case.batch * ranks * case.steps
    part = Dataset(data.name, data.train.first(count), data.test.first(1))
    return variant(case.name).make(Setup(problem, "float32", part, topology))


def epoch(made: Trainer) -> Callable[[int], float]:
    """Return what trains for one epoch and says what share communication had."""

    def run(number: int) -> float:
        return made.epoch(number).comm_s

    return run


def seconds(
    comm: MPI.Comm, run: Callable[[int], float], number: int
) -> tuple[float, float]:
    """Return the time of the slowest rank, and the share of communication in it."""
    comm.Barrier()
    began = time.perf_counter()
    comm_s = run(number)
    spent = time.perf_counter() - began
    return comm.allreduce(spent, op=MPI.MAX), comm.allreduce(comm_s / spent, op=MPI.MIN)


def wait_for(request: MPI.Request) -> None:
    """Sleep until the others are here: a rank that spins would slow them."""
    while not request.Test():
        time.sleep(0.002)


def measure(case: Case, data: Dataset, rounds: int, how: str) -> float:
    """Print the efficiencies of a case; return the strong one."""
    alone_on, all_on = discover(MPI.COMM_SELF), discover(WORLD)
    alone = epoch(trainer(case, alone_on, data, 1, "library"))
    strong = epoch(trainer(case, all_on, data, 1, how))
    weak = epoch(trainer(case, all_on, data, WORLD.size, how))
    found = []
    for number in range(1, rounds + 2):
        one = 0.0
        if WORLD.rank == 0:
            one = seconds(MPI.COMM_SELF, alone, number)[0]
        wait_for(WORLD.Ibarrier())
        apart = seconds(WORLD, alone, number)[0]
        ways = seconds(WORLD, strong, number), seconds(WORLD, weak, number)
        found.append((one, apart, *ways[0], *ways[1]))
    times = np.array(found[1:])  # the first round sets up
    if WORLD.rank == 0:
        one, apart, together, share, wide, wide_share = times.T
        gains = one / (WORLD.size * together), one / wide, one / apart
        print(
            f"{case.name} batch {case.batch}: 1 rank {np.median(one):.3f} s; strong "
            f"{spread(gains[0])}, communication {np.median(share):.0%}; weak "
            f"{spread(gains[1])}, communication {np.median(wide_share):.0%}; apart "
            f"{spread(gains[2])}",
            flush=True,
        )
        return float(np.median(gains[0]))
    return 1.0


def spread(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> str:
    return f"{np.median(values):.2f} [{values.min():.2f}, {values.max():.2f}]"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--allreduce", default="shm-copy:flat")
    asked = parser.parse_args(arguments)
    largest = max(case.batch * case.steps for case in CASES) * WORLD.size
    data = load(default(), samples=largest)
    missed = 0
    with threadpool_limits(limits=1, user_api="blas"):
        for case in CASES:
            gain = measure(case, data, asked.rounds, asked.allreduce)
            missed += gain < case.bar
    return int(WORLD.allreduce(missed) > 0)


if __name__ == "__main__":
    sys.exit(main())
