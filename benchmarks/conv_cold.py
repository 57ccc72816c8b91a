"""The shapes of stage 5 of ResNet-50 with every operand out of cache, one image.

What `auto` picks in float16 against the best of torch float32 (NCHW, channels_last,
prepacked), one thread. Before each call, untimed, a sweep over twice the last-level
cache takes all operands out of it; times are of the thread's processor. Exits 1 where a
shape is below 1.5 times torch float32.
"""

import sys

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


def judge(name: str, problem: ConvProblem) -> bool:
    """Print a shape; return whether it keeps its bar."""
    runs = ready(problem, {"auto": Contender("auto"), **torch("float32")})
    takes = {label: (lambda run=run: cold_ns(run)) for label, run in runs.items()}
    times = in_turns(takes, ROUNDS)
    told, holds = verdict(times[fastest(times, "float32")] / times["auto"], BAR)
    picked, rate = choose(problem, "float16")[0], problem.flops / times["auto"]
    print(f"{name:10} {picked:9} {np.median(rate):6.1f} Gflop/s, torch x {told}",
          flush=True)  # fmt: skip
    return bool(holds)


def main() -> int:
    """Measure; return 1 where a bar is missed."""
    if reason := missing("float32"):
        print(f"nothing to compare with: {reason}")
        return 0
    held = [judge(layer, named("resnet-50", layer)) for layer in STAGE_5]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
