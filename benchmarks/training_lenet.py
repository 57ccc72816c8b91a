"""LeNet-5 on all of MNIST: momentum and K-FAC reach 98.9 %, the mean over the seeds.

Batch 128, float32, the rate along half a cosine; 8 epochs of momentum, 5 of K-FAC,
whose factors are measured every 10 steps and inverted every 20. Wants MNIST in
TENBIN_DATA or the XDG data folder; takes ten minutes on a quiet core, and goes on from
checkpoints.

    training_lenet.py [--variants momentum,kfac] [--seeds 1,2,3] [--checkpoints FOLDER]
"""

import argparse
import sys
from dataclasses import replace

import numpy as np
from mpi4py import MPI
from training_runs import history, told  # type: ignore[import-not-found]

from tenbin.case import Case
from tenbin.kernels.training import KERNEL
from tenbin.kernels.training.problem import TrainingProblem

COMM = MPI.COMM_WORLD
PLACE = (COMM.size, COMM.size, "strong")
BAR = 0.989
COMMON = TrainingProblem("mnist", "lenet5", batch=128, schedule="cosine")
PROBLEMS = {
    "momentum": replace(COMMON, epochs=8, rate=0.05),
    "kfac": replace(
        COMMON, epochs=5, rate=0.03, settings="damping=0.03, t_stats=10, t_inv=20"
    ),
}


def holds(variant: str, seeds: list[int], checkpoints: str) -> bool:
    """Train for every seed; print mean and spread; return whether the bar holds."""
    found = []
    for seed in seeds:
        problem = replace(PROBLEMS[variant], seed=seed)
        case = Case("training", variant, "float32", problem, *PLACE)
        if reason := KERNEL.decline(case):
            raise SystemExit(reason)
        rows = history(case, checkpoints)
        found.append(1.0 - rows[-1]["test_error"])
        if COMM.rank == 0:
            print(f"{variant}, seed {seed}: {told(rows)}", flush=True)
    mean, low, high = (100 * float(f(found)) for f in (np.mean, np.min, np.max))
    verdict = "within" if mean >= 100 * BAR else "BEYOND"
    if COMM.rank == 0:
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
