"""How much the mini-batch matters: semi-NMF and backpropagation after five epochs.

    TENBIN_DATA=... python benchmarks/training_batch.py

All of MNIST, net 784-1000-500-10, one seed, one thread. Semi-NMF has nothing to tune.
Backpropagation by SGD takes, for each batch, the best of the same learning rates.
With `--checkpoints FOLDER` a stopped run goes on where it was. Exits 1 where the test
error of semi-NMF varies by 0.5 points or more over the batches, or that of
backpropagation by less than four times as much.
"""

import argparse
import sys

from training_runs import history  # type: ignore[import-not-found]

from tenbin.case import Case
from tenbin.kernels.training.problem import TrainingProblem

SPREAD_BAR, CONTRAST_BAR = 0.005, 4.0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", default="1000,5000,20000")
    parser.add_argument("--rates", default="0.03,0.1,0.3")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--net", default="1000-500")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checkpoints", default="")
    asked = parser.parse_args(arguments)
    spreads = {}
    for variant, rates in (("semi-nmf", "0"), ("sgd", asked.rates)):
        best = {
            int(batch): min(
                last_error(asked, variant, int(batch), float(rate))
                for rate in rates.split(",")
            )
            for batch in asked.batches.split(",")
        }
        spreads[variant] = max(best.values()) - min(best.values())
        print(f"{variant}: {told(best)}, spread {spreads[variant]:.2%}", flush=True)
    contrast = spreads["sgd"] / spreads["semi-nmf"]
    held = spreads["semi-nmf"] < SPREAD_BAR and contrast >= CONTRAST_BAR
    print(f"{'within' if held else 'BEYOND'}: SGD varies {contrast:.1f} times as much")
    return int(not held)


def last_error(
    asked: argparse.Namespace, variant: str, batch: int, rate: float
) -> float:
    """Return the test error after the last epoch."""
    problem = TrainingProblem(
        "mnist", asked.net, batch, asked.epochs, asked.seed, rate=rate
    )
    rows = history(Case("training", variant, "float32", problem), asked.checkpoints)
    return float(rows[-1]["test_error"])


def told(errors: dict[int, float]) -> str:
    """Return the error of each batch."""
    return ", ".join(f"{batch}: {error:.2%}" for batch, error in errors.items())


if __name__ == "__main__":
    sys.exit(main())
