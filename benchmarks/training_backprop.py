"""Backpropagation on all of MNIST, 784-1000-500-10: at least 98.4 % are recognised.

Momentum 0.9, rate 0.1 along half a cosine, batch 100, 10 epochs, float32: the mean over
the seeds. Wants MNIST in TENBIN_DATA or the XDG data folder.

    training_backprop.py [--seeds 1,2,3] [--checkpoints FOLDER]
"""

import argparse
import sys

import numpy as np
from mpi4py import MPI
from training_runs import history, told  # type: ignore[import-not-found]

from tenbin.case import Case
from tenbin.kernels.training import KERNEL
from tenbin.kernels.training.problem import TrainingProblem

COMM = MPI.COMM_WORLD
BAR = 0.984
VARIANT = "momentum"


def problem(seed: int) -> TrainingProblem:
    return TrainingProblem(
        "mnist", batch=100, epochs=10, seed=seed, rate=0.1, schedule="cosine"
    )


def accuracy(seed: int, checkpoints: str) -> float:
    """Train for a seed; print and return what it ends with."""
    place = (COMM.size, COMM.size, "strong")
    case = Case("training", VARIANT, "float32", problem(seed), *place)
    if reason := KERNEL.decline(case):
        raise SystemExit(reason)
    rows = history(case, checkpoints)
    if COMM.rank == 0:
        print(f"seed {seed}: {told(rows)}", flush=True)
    return 1.0 - float(rows[-1]["test_error"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--checkpoints", default="")
    asked = parser.parse_args()
    found = [accuracy(int(seed), asked.checkpoints) for seed in asked.seeds.split(",")]
    mean = float(np.mean(found))
    verdict = "within" if mean >= BAR else "BEYOND"
    if COMM.rank == 0:
        print(f"mean accuracy {100 * mean:.2f} %, {verdict} {100 * BAR:.1f} %")
    return 0 if mean >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
