"""Whole stacks of convolutions in float16 against torch, on one thread, warm.

    conv_stacks.py [STACK ...]

What `auto` picks, against torch in float32 and bfloat16: the best of NCHW,
channels_last and prepacked, layer by layer. Every layer has the same rounds; the time
of a stack in a round is the sum of its layers' times their counts, and the ratio is the
median over the rounds. Times are of the thread's processor. Exits 1 beyond a bar.

    vgg-16               3.2 times torch float32, 1.5 times torch bfloat16
    resnet-50            1.5 times torch float32
    alexnet-one-tower    1.4 times torch float32, four images
    deepbench            2.3 times torch float32

The last stack is this choice of DeepBench's training: nine layers of five applications
at their smallest batch, 3x3 at stride 1 and others, 46 GFLOP.
"""

import sys
from typing import Any

import numpy as np
from convolutions import Contender, ready, torch  # type: ignore[import-not-found]
from interleaved import fastest, measure, verdict  # type: ignore[import-not-found]

from tenbin.kernels.conv.deepbench import DEEPBENCH
from tenbin.kernels.conv.networks import NETWORKS
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.torch import missing

ROUNDS = 7
PEERS = ("float32", "bfloat16")
CONTENDERS = {"auto": Contender("auto"), **torch("float32"), **torch("bfloat16")}
NINE = (
    "4x32x79x341-32x5x10-s2",  # speech
    "16x16x24x240-32x3x3-p1",  # characters
    "8x64x54x54-64x3x3-p1",  # faces
    "8x128x27x27-128x3x3-p1",
    "8x64x56x56-64x3x3-p1",  # ResNet
    "8x128x28x28-128x3x3-p1",
    "8x256x14x14-256x3x3-p1",
    "8x1024x14x14-256x1x1",
    "16x128x40x175-128x3x3-p1",  # speakers
)
# stack -> how many times faster than torch float32, and than torch bfloat16
BARS = {
    "vgg-16": (3.2, 1.5),
    "resnet-50": (1.5, 0.0),
    "alexnet-one-tower": (1.4, 0.0),
    "deepbench": (2.3, 0.0),
}


def layers(stack: str) -> list[tuple[int, ConvProblem]]:
    """Return the counts and the problems of a stack."""
    if stack == "deepbench":
        train = {problem.label: problem for problem in DEEPBENCH["deepbench-train"]}
        return [(1, train[label]) for label in NINE]
    network = NETWORKS[stack]
    counts = (layer.count for layer in network.layers)
    return list(zip(counts, network.problems(), strict=True))


def total_ns(stack: str) -> dict[str, Any]:
    """Return the ns of auto and of each dtype of torch, round by round."""
    sums = {key: np.zeros(ROUNDS) for key in ("auto", *PEERS)}
    for count, problem in layers(stack):
        times = measure(ready(problem, CONTENDERS), ROUNDS)
        for key, total in sums.items():
            total += count * times[fastest(times, key)]
    return sums


def judge(stack: str) -> bool:
    """Print a stack; return whether its bars hold."""
    flops = sum(count * problem.flops for count, problem in layers(stack))
    sums, held = total_ns(stack), True
    print(
        f"{stack}: {flops / 1e9:.1f} GFLOP, auto {np.median(sums['auto']) / 1e6:.2f} ms"
    )
    for dtype, least in zip(PEERS, BARS.get(stack, (0.0, 0.0)), strict=True):
        told, holds = verdict(sums[dtype] / sums["auto"], least)
        ms = np.median(sums[dtype]) / 1e6
        print(f"  torch {dtype:8} {ms:8.2f} ms  x {told}", flush=True)
        held &= holds
    return held


def main(stacks: list[str]) -> int:
    """Measure; return 1 where a bar is missed."""
    if reason := missing("float32"):
        print(f"nothing to compare with: {reason}")
        return 0
    held = [judge(stack) for stack in stacks or BARS]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
