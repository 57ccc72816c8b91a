"""A step of K-FAC against one of momentum: LeNet-5, batch 512, one thread, in turns.

Twenty steps on glyphs in float32, the time of this thread, so that it has the costs of
factors and inverses as often as they come. Bar: the ratio of medians is at most 4.
"""

import sys
from time import thread_time_ns

import numpy as np
from mpi4py import MPI
from threadpoolctl import threadpool_limits

from tenbin.kernels.training import variant
from tenbin.kernels.training.data import load
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.trainer import Setup, Trainer
from tenbin.topology import discover

BAR = 4.0
BATCH, STEPS, ROUNDS = 512, 20, 5
BASE = "momentum"
# what is written beside the ratio -> variant and settings
SERIES = {
    BASE: ("momentum", ""),
    "T_stats 10, T_inv 20": ("kfac", "t_stats=10, t_inv=20"),
    "T_stats 10, T_inv 20, true": ("kfac", "t_stats=10, t_inv=20, fisher=true"),
    "T_stats 1, T_inv 1": ("kfac", "t_stats=1, t_inv=1"),
}


def trainer(name: str, settings: str) -> Trainer:
    problem = TrainingProblem(
        "glyphs", "lenet5", batch=BATCH, samples=BATCH * STEPS, settings=settings
    )
    data = load("glyphs", "", problem.samples, problem.seed)
    topology = discover(MPI.COMM_SELF)
    return variant(name).make(Setup(problem, "float32", data, topology))


def times_ms() -> dict[str, list[float]]:
    """Return the time of a step in each round."""
    trainers = {label: trainer(*what) for label, what in SERIES.items()}
    found: dict[str, list[float]] = {label: [] for label in trainers}
    for number in range(ROUNDS + 1):
        for label, one in trainers.items():
            began = thread_time_ns()
            one.epoch(number + 1)
            found[label].append((thread_time_ns() - began) / STEPS * 1e-6)
    return {label: times[1:] for label, times in found.items()}  # the first warms up


def main() -> int:
    with threadpool_limits(limits=1):
        found = {label: np.array(times) for label, times in times_ms().items()}
    base = found.pop(BASE)
    print(f"momentum: {np.median(base):.1f} ms a step")
    good = True
    for label, times in found.items():
        ratio = float(np.median(times) / np.median(base))
        low, high = np.percentile(times / base, [25, 75])
        good &= ratio <= BAR
        print(
            f"K-FAC, {label}: {np.median(times):.1f} ms, ratio {ratio:.2f} "
            f"[{low:.2f}, {high:.2f}] of {ROUNDS} rounds, "
            f"{'within' if ratio <= BAR else 'BEYOND'} {BAR:g}"
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
