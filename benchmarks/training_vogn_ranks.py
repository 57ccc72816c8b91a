"""Samples of the weights over 2 ranks: LeNet-5, VOGN, 2 samples, batch 256, float32.

    both       rank 0: sample 0     rank 1: sample 1     one allreduce
    alone      rank 0: both         rank 1: asleep

Turns of whole steps. Bar: efficiency, time alone over twice the time of both, of the
medians, is at least 0.85. Beside it stands that of the batch in two parts, and what is
left of a core while the other works: the time of a step alone over that of a step that
both ranks take for themselves.

    mpiexec -n 2 python -m mpi4py training_vogn_ranks.py
"""

import sys
from contextlib import ExitStack
from dataclasses import replace
from time import perf_counter, sleep

import numpy as np
from mpi4py import MPI
from threadpoolctl import threadpool_limits

from tenbin.kernels.training import variant
from tenbin.kernels.training.data import load
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.trainer import Setup, Trainer
from tenbin.topology import Topology, discover

BATCH, BAR = 256, 0.85
BUDGET_S, LEAST = 20.0, 8
WORLD = MPI.COMM_WORLD
SETTINGS = "samples=2, mc_groups={}"
PROBLEM = TrainingProblem("glyphs", "lenet5", BATCH, samples=BATCH, rate=1e-6)


def make(topology: Topology, groups: int) -> Trainer:
    """Return a trainer, an epoch of which is one step."""
    problem = replace(PROBLEM, settings=SETTINGS.format(groups))
    data = load("glyphs", samples=BATCH)
    return variant("vogn").make(Setup(problem, "float32", data, topology))


def alone(trainer: Trainer, number: int) -> float:
    """Return the time of rank 0, while the others sleep; theirs is unknown."""
    WORLD.Barrier()
    spent = 0.0
    if WORLD.rank == 0:
        spent = together(trainer, number)
    waited = WORLD.Ibarrier()
    while not waited.Test():
        sleep(1e-3)
    return float(WORLD.bcast(spent))


def together(trainer: Trainer, number: int) -> float:
    began = perf_counter()
    trainer.epoch(number)
    return perf_counter() - began


def slowest(trainer: Trainer, number: int) -> float:
    """Return the time of the slowest rank."""
    WORLD.Barrier()
    return float(WORLD.allreduce(together(trainer, number), op=MPI.MAX))


def main() -> int:
    if WORLD.size != 2:
        raise SystemExit("wants 2 ranks")
    with ExitStack() as held:
        held.enter_context(threadpool_limits(limits=1))
        single, samples, parts = (
            make(discover(comm), groups)
            for comm, groups in ((MPI.COMM_SELF, 1), (WORLD, 2), (WORLD, 1))
        )
        for trainer in (single, samples, parts):
            held.callback(trainer.release)
        rounds: list[tuple[float, ...]] = []
        began = perf_counter()
        while WORLD.bcast(perf_counter() - began < BUDGET_S or len(rounds) < LEAST):
            turn = (samples, parts, single)
            number = len(rounds) + 1
            several = [slowest(trainer, number) for trainer in turn]
            rounds.append((alone(single, number), *several))
    one, by_sample, by_part, crowded = np.array(rounds[2:]).T
    efficiency = float(np.median(one) / np.median(by_sample) / 2)
    held_here = efficiency >= BAR
    if WORLD.rank == 0:
        low, high = np.percentile(one / by_sample / 2, [25, 75])
        print(
            f"alone {1e3 * np.median(one):.1f} ms, by samples "
            f"{1e3 * np.median(by_sample):.1f} ms, efficiency {efficiency:.3f} "
            f"[{low:.3f}, {high:.3f}], {'within' if held_here else 'BEYOND'} {BAR}; "
            f"by parts {np.median(one) / np.median(by_part) / 2:.3f}, "
            f"of a core {np.median(one) / np.median(crowded):.3f}"
        )
    return 0 if held_here else 1


if __name__ == "__main__":
    sys.exit(main())
