"""What `auto` picks against torch, both in float16: 18 layers, one thread, warm.

Torch is timed in NCHW and in channels_last; it is slow, so that a layer gets as few as
three rounds. Times are of the thread's processor. Beside each ratio in NCHW stands that
of direct products at the measured peak, which only Winograd can pass. Exits 1 beyond a
bar:

    every layer     4 times torch float16 in its better layout
                    20 times torch float16 in NCHW
"""

import sys

import numpy as np
from convolutions import (  # type: ignore[import-not-found]
    Contender,
    listed,
    ready,
)
from interleaved import fastest, measure, time_ns, verdict  # type: ignore[import-not-found]
from peaks import at_peak  # type: ignore[import-not-found]

from tenbin.kernels.conv.auto import choose
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.torch import missing

BEST, NCHW = 4.0, 20.0
LAYER_NS, FEWEST, MOST = 3e9, 3, 15  # of a layer, and the rounds that fill it
CONTENDERS = {
    "auto": Contender("auto"),
    "torch nchw": Contender("torch", layout="nchw"),
    "torch nhwc": Contender("torch"),
}


def judge(name: str, problem: ConvProblem) -> bool:
    """Print a layer; return whether both bars hold."""
    runs = ready(problem, CONTENDERS)
    turn_ns = sum(time_ns(run, 1) for run in runs.values())
    rounds = int(min(MOST, max(FEWEST, LAYER_NS / turn_ns)))
    times = measure(runs, rounds, {"peak": at_peak(problem.flops)})
    best, well = verdict(times[fastest(times, "torch")] / times["auto"], BEST)
    nchw, plainly = verdict(times["torch nchw"] / times["auto"], NCHW)
    peak = float(np.median(times["torch nchw"] / times["peak"]))
    picked = choose(problem, "float16")[0]
    print(f"{name:24} {picked:9} best layout x {best}, NCHW x {nchw} (peak {peak:.1f})",
          flush=True)  # fmt: skip
    return bool(well and plainly)


def main() -> int:
    """Measure; return 1 where a bar is missed."""
    if reason := missing("float16"):
        print(f"nothing to compare with: {reason}")
        return 0
    held = [judge(*layer) for layer in listed().items()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
