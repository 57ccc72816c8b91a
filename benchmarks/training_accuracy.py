"""What semi-NMF reaches on all of MNIST within ten epochs: the bars of accuracy.

    TENBIN_DATA=... python benchmarks/training_accuracy.py

Net 784-1000-500-10, batch 5000, one run for each seed, one thread. The accuracy of a
seed is that after its last epoch, not its best. With `--checkpoints FOLDER` a run that
is stopped (SIGTERM) goes on when the command is given again, and finished seeds are
not repeated. Exits 1 where the mean over the seeds or the best seed misses its bar.
"""

import argparse
import sys

import numpy as np
from training_runs import history, told  # type: ignore[import-not-found]

from tenbin.case import Case
from tenbin.kernels.training.problem import TrainingProblem

MEAN_BAR, BEST_BAR = 0.984, 0.985


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1,2,3")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=5000)
    parser.add_argument("--net", default="1000-500")
    parser.add_argument("--variant", default="semi-nmf")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--checkpoints", default="")
    asked = parser.parse_args(arguments)
    last = []
    for seed in map(int, asked.seeds.split(",")):
        problem = TrainingProblem("mnist", asked.net, asked.batch, asked.epochs, seed)
        case = Case("training", asked.variant, asked.dtype, problem)
        rows = history(case, asked.checkpoints)
        last.append(1.0 - rows[-1]["test_error"])
        print(f"seed {seed}: {told(rows)}", flush=True)
    mean, best = float(np.mean(last)), max(last)
    held = mean >= MEAN_BAR and best >= BEST_BAR
    print(
        f"{'within' if held else 'BEYOND'}: mean {mean:.2%} (bar {MEAN_BAR:.1%}), "
        f"best {best:.2%} (bar {BEST_BAR:.1%}), worst {min(last):.2%}"
    )
    return int(not held)


if __name__ == "__main__":
    sys.exit(main())
