"""VOGN and Adam on all of MNIST, LeNet-5: accuracy, calibration, letters as outsiders.

Batch 100, 5 epochs, the rate along half a cosine, float32; predictions of VOGN average
30 samples of the weights. Bars, of means over the seeds: VOGN recognises 98.5 %; its
NLL or its ECE (15 bins) is lower than Adam's; the AUROC of entropy for letters is no
lower. Wants MNIST in TENBIN_DATA or the XDG data folder; takes ten minutes on one core,
and goes on from checkpoints.

    training_vogn.py [--seeds 1,2,3] [--checkpoints FOLDER]
"""

import argparse
import sys
from dataclasses import replace
from typing import Any

import numpy as np
from mpi4py import MPI
from training_runs import details, told  # type: ignore[import-not-found]

from tenbin.case import Case
from tenbin.kernels.training import KERNEL
from tenbin.kernels.training.problem import TrainingProblem

COMM = MPI.COMM_WORLD
PLACE = (COMM.size, COMM.size, "strong")
ACCURACY = 0.985
COMMON = TrainingProblem("mnist", "lenet5", batch=100, epochs=5, schedule="cosine")
PROBLEMS = {
    "vogn": replace(
        COMMON,
        rate=1e-3,
        settings="damping=1e-3, tempering=0.05, precision=0.02, test_samples=30",
    ),
    "adam": replace(COMMON, rate=2e-3),
}
NAMES = ("accuracy", "nll", "ece", "wrong", "letters", "letters_fpr_at_95")


def numbers(variant: str, seed: int, checkpoints: str) -> dict[str, float]:
    """Train; return what the method knows of its doubt, as numbers."""
    problem = replace(PROBLEMS[variant], seed=seed)
    case = Case("training", variant, "float32", problem, *PLACE)
    if reason := KERNEL.decline(case):
        raise SystemExit(reason)
    found = details(case, checkpoints)
    if COMM.rank == 0:
        print(f"{variant}, seed {seed}: {told(found['history'])}", flush=True)
    doubt: dict[str, Any] = found["uncertainty"]
    return {
        **{name: float(doubt[name]) for name in NAMES[:3]},
        "wrong": doubt["errors"]["auroc"],
        "letters": doubt["outside"]["auroc"],
        "letters_fpr_at_95": doubt["outside"]["fpr_at_95"],
    }


def means(variant: str, seeds: list[int], checkpoints: str) -> dict[str, float]:
    """Print every number's mean and range over the seeds; return the means."""
    runs = [numbers(variant, seed, checkpoints) for seed in seeds]
    found = {name: [run[name] for run in runs] for name in NAMES}
    if COMM.rank == 0:
        for name, values in found.items():
            spread = f"[{min(values):.4f}, {max(values):.4f}]"
            print(f"{variant:5} {name:17} {np.mean(values):.4f} {spread}", flush=True)
    return {name: float(np.mean(values)) for name, values in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--checkpoints", default="")
    asked = parser.parse_args()
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    vogn, adam = (means(name, seeds, asked.checkpoints) for name in PROBLEMS)
    bars = {
        f"accuracy at least {100 * ACCURACY} %": vogn["accuracy"] >= ACCURACY,
        "NLL or ECE below Adam's": vogn["nll"] < adam["nll"]
        or vogn["ece"] < adam["ece"],
        "AUROC of letters no lower than Adam's": vogn["letters"] >= adam["letters"],
    }
    if COMM.rank == 0:
        for name, holds in bars.items():
            print(f"{'within' if holds else 'BEYOND'} {name}")
    return 0 if all(bars.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
