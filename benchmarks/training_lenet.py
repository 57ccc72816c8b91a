"""LeNet-5 on all of MNIST: momentum and K-FAC reach 98.9 %, the mean over the seeds.

Batch 128, float32, 8 epochs, the rate along half a cosine. K-FAC measures its factors
every 10 steps and inverts them every 20. Wants MNIST in TENBIN_DATA or the XDG data
folder; takes half an hour on one core, and goes on from checkpoints.

    training_lenet.py [--variants momentum,kfac] [--seeds 1,2,3] [--checkpoints FOLDER]
"""

import argparse
import sys
from dataclasses import replace

import numpy as np
from mpi4py import MPI
from training_backprop import accuracy  # type: ignore[import-not-found]

from tenbin.kernels.training.problem import TrainingProblem

BAR = 0.989
COMMON = TrainingProblem("mnist", "lenet5", batch=128, epochs=8, schedule="cosine")
PROBLEMS = {
    "momentum": replace(COMMON, rate=0.05),
    "kfac": replace(COMMON, rate=0.03, settings="damping=0.03, t_stats=10, t_inv=20"),
}


def holds(variant: str, seeds: list[int], checkpoints: str) -> bool:
    """Train for every seed; print mean and spread; return whether the bar holds."""
    problems = [replace(PROBLEMS[variant], seed=seed) for seed in seeds]
    found = [accuracy(variant, problem, checkpoints) for problem in problems]
    mean, low, high = (100 * float(f(found)) for f in (np.mean, np.min, np.max))
    verdict = "within" if mean >= 100 * BAR else "BEYOND"
    if MPI.COMM_WORLD.rank == 0:
        print(
            f"{variant}: mean accuracy {mean:.2f} % [{low:.2f}, {high:.2f}] of "
            f"{len(seeds)} seeds, {verdict} {100 * BAR:.1f} %",
            flush=True,
        )
    return mean >= 100 * BAR


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--variants", default=",".join(PROBLEMS))
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--checkpoints", default="")
    asked = parser.parse_args()
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    verdicts = [holds(v, seeds, asked.checkpoints) for v in asked.variants.split(",")]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
