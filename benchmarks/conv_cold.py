"""The shapes of stage 5 of ResNet-50 with every operand out of cache, one image.

What `auto` picks in float16 against the best of torch float32 (NCHW, channels_last,
prepacked), one thread. Before each call, untimed, a sweep over twice the last-level
cache takes all operands out of it; times are of the thread's processor. Exits 1 where a
shape, or all layers of the stage together, are below 1.5 times torch float32.
"""

import sys
from typing import Any

import numpy as np
from convolutions import (  # type: ignore[import-not-found]
    Contender,
    named,
    ready,
    torch,
)
from interleaved import Run, fastest, in_turns, time_ns, verdict  # type: ignore[import-not-found]

from tenbin.cold import last_level_cache_bytes
from tenbin.kernels.conv.auto import choose
from tenbin.kernels.conv.networks import NETWORKS
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.torch import missing

STAGE_5 = ("5a_first", "5b_first", "5c", "5_project", "5a", "5b")
BAR = 1.5
ROUNDS = 25
SWEPT = np.zeros(2 * last_level_cache_bytes() // 8)


def cold_ns(run: Run) -> float:
    """Return the ns of a call whose operands are in memory only."""
    np.add(SWEPT, 1.0, out=SWEPT)
    return float(time_ns(run, 1))


def judge(name: str, problem: ConvProblem) -> tuple[bool, Any]:
    """Print a shape; return whether it keeps its bar, and the ns of torch and of auto.

    The ns are those of all layers of the shape: (2, rounds).
    """
    runs = ready(problem, {"auto": Contender("auto"), **torch("float32")})
    takes = {label: (lambda run=run: cold_ns(run)) for label, run in runs.items()}
    times = in_turns(takes, ROUNDS)
    both = np.stack([times[fastest(times, "float32")], times["auto"]])
    told, holds = verdict(both[0] / both[1], BAR)
    picked, rate = choose(problem, "float16")[0], problem.flops / times["auto"]
    print(f"{name:10} {picked:9} {np.median(rate):6.1f} Gflop/s, torch x {told}",
          flush=True)  # fmt: skip
    return bool(holds), count(name) * both


def count(name: str) -> int:
    """Return how many layers of the network have a shape."""
    return next(one.count for one in NETWORKS["resnet-50"].layers if one.name == name)


def main() -> int:
    """Measure; return 1 where a bar is missed."""
    if reason := missing("float32"):
        print(f"nothing to compare with: {reason}")
        return 0
    shapes = [judge(layer, named("resnet-50", layer)) for layer in STAGE_5]
    torch_ns, auto_ns = sum(ns for _, ns in shapes)
    told, holds = verdict(torch_ns / auto_ns, BAR)
    print(f"all of stage 5: torch x {told}")
    return 0 if holds and all(held for held, _ in shapes) else 1


if __name__ == "__main__":
    sys.exit(main())
