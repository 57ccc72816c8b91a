"""Direct convolution in float16 against torch in float32: 18 layers, one thread, warm.

No transform: direct, pixel (few channels) or pointwise (1x1), weights packed before.
Torch is the best of NCHW, channels_last and prepacked. All take turns with the peak of
multiply-adds; times are of the thread's processor. Exits 1 beyond a bar:

    every layer                     0.95 times torch float32
    C1 of LeNet-5                   2.5
    geometric mean of the layers    1.10
    C, K >= 32                      0.88 of the measured peak
"""

import sys

import numpy as np
from convolutions import (  # type: ignore[import-not-found]
    Contender,
    algorithm,
    listed,
    ready,
    torch,
)
from interleaved import fastest, measure, verdict  # type: ignore[import-not-found]
from peaks import at_peak  # type: ignore[import-not-found]

from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.torch import missing

GEOMEAN, EVERY, LENET, OF_PEAK = 1.10, 0.95, 2.5, 0.88
ROUNDS = 15


def judge(name: str, problem: ConvProblem) -> tuple[float, bool]:
    """Print a layer; return how many times faster than torch, and if its bars hold."""
    ours = Contender(algorithm(problem))
    runs = ready(problem, {"ours": ours, **torch("float32")})
    times = measure(runs, ROUNDS, {"peak": at_peak(problem.flops)})
    ratios = times[fastest(times, "float32")] / times["ours"]
    told, fast = verdict(ratios, LENET if name == "lenet-5 C1" else EVERY)
    wide = min(problem.c, problem.k) >= 32
    share, near = verdict(times["peak"] / times["ours"], OF_PEAK if wide else 0.0)
    rate = problem.flops / np.median(times["ours"])
    print(f"{name:24} {ours.variant:9} {rate:6.1f} Gflop/s, torch x {told},"
          f" peak x {share}", flush=True)  # fmt: skip
    return float(np.median(ratios)), fast and near


def main() -> int:
    """Measure; return 1 where a bar is missed."""
    if reason := missing("float32"):
        print(f"nothing to compare with: {reason}")
        return 0
    ratios, held = zip(*(judge(*layer) for layer in listed().items()), strict=True)
    geomean = float(np.exp(np.mean(np.log(ratios))))
    holds = geomean >= GEOMEAN
    print(f"geometric mean {geomean:.3f} {'within' if holds else 'BEYOND'} {GEOMEAN}")
    return 0 if holds and all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
