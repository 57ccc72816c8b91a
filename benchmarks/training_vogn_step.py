"""One step of VOGN against one of SGD: LeNet-5, batch 128, float32, one thread, turns.

Whole steps of the trainers: batch, forward, backward, squares, draws, update. Bar: with
K samples of the weights a step takes at most K + 0.6 times that of SGD.
"""

import sys
from contextlib import ExitStack
from dataclasses import replace
from time import perf_counter, thread_time

import numpy as np
from mpi4py import MPI
from threadpoolctl import threadpool_limits

from tenbin.kernels.training import variant
from tenbin.kernels.training.data import load
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.trainer import Setup, Trainer
from tenbin.topology import discover

BATCH, EXTRA = 128, 0.6
SAMPLES = (1, 2, 4)
BUDGET_S, LEAST = 20.0, 15
PROBLEM = TrainingProblem("glyphs", "lenet5", BATCH, samples=BATCH, rate=1e-6)


def trainers(held: ExitStack) -> dict[str, Trainer]:
    """Return SGD and VOGN by the number of samples; an epoch of theirs is one step."""
    topology, data = discover(MPI.COMM_SELF), load("glyphs", samples=BATCH)
    wanted = {"sgd": variant("sgd").make(Setup(PROBLEM, "float32", data, topology))}
    for samples in SAMPLES:
        problem = replace(PROBLEM, settings=f"samples={samples}")
        setup = Setup(problem, "float32", data, topology)
        wanted[f"vogn, {samples}"] = variant("vogn").make(setup)
    for trainer in wanted.values():
        held.callback(trainer.release)
    return wanted


def step_s(trainer: Trainer, number: int) -> float:
    began = thread_time()
    trainer.epoch(number)
    return thread_time() - began


def main() -> int:
    with ExitStack() as held:
        held.enter_context(threadpool_limits(limits=1))
        turns = trainers(held)
        rounds: list[list[float]] = []
        began = perf_counter()
        while perf_counter() - began < BUDGET_S or len(rounds) < LEAST:
            rounds.append([step_s(one, len(rounds) + 1) for one in turns.values()])
    sgd, *others = np.array(rounds[2:]).T
    print(f"sgd {1e3 * np.median(sgd):.2f} ms, {len(sgd)} rounds")
    beyond = 0
    for samples, times in zip(SAMPLES, others, strict=True):
        low, ratio, high = np.percentile(times / sgd, [25, 50, 75])
        held_here = ratio <= samples + EXTRA
        beyond += not held_here
        print(
            f"vogn, {samples} samples {1e3 * np.median(times):.2f} ms, ratio "
            f"{ratio:.3f} [{low:.3f}, {high:.3f}], "
            f"{'within' if held_here else 'BEYOND'} {samples + EXTRA}"
        )
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main())
