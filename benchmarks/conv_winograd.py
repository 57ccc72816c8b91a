"""Winograd convolution in half precision against torch's float32, layer by layer.

    python benchmarks/conv_winograd.py [--rounds 7]

The 3x3 layers of stride 1 of VGG-16 and ResNet-50, one image, one thread, warm, weights
packed before; float16 stored and float32 computed, against the best of torch's float32
(plain, channels_last, prepacked); all take turns, and times are of the thread's
processor. Exits 1 beyond a bar:

    every layer                            2.4 times torch float32
    C, K >= 128 and H, W >= 28             3.3 times torch float32
"""

import argparse
import sys
from time import thread_time_ns

import numpy as np
from convolutions import Contender, ready, torch  # type: ignore[import-not-found]
from interleaved import fastest, measure, verdict  # type: ignore[import-not-found]

from tenbin.kernels import native
from tenbin.kernels.conv.auto import FEW_CHANNELS, WINOGRAD
from tenbin.kernels.conv.native import numbers
from tenbin.kernels.conv.networks import NETWORKS, Layer
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.torch import missing

NAMES = ("vgg-16", "resnet-50")
EVERY, WIDE = 2.4, 3.3
CONTENDERS = {
    **{name: Contender(name) for name in WINOGRAD},
    **torch("float32"),
    **torch("bfloat16"),
}


def layers() -> list[Layer]:
    """Return the layers that Winograd is for."""
    return [
        layer
        for name in NAMES
        for layer in NETWORKS[name].layers
        if layer.problem.r == 3
        and layer.problem.stride == 1
        and layer.problem.c >= FEW_CHANNELS
    ]


def bar(problem: ConvProblem) -> float:
    wide = min(problem.c, problem.k) >= 128 and min(problem.h, problem.w) >= 28
    return WIDE if wide else EVERY


def pack_ns(problem: ConvProblem) -> int:
    """Return the time to pack the weights, the second time."""
    module = native.load()
    weights = np.zeros((problem.k, 3, 3, problem.c), np.float16)
    call = ("conv_winograd6", "float16", numbers(problem), weights)
    module.conv_pack(*call)
    begin = thread_time_ns()
    module.conv_pack(*call)
    return thread_time_ns() - begin


def judge(layer: Layer, rounds: int) -> bool:
    """Print one line; return whether the layer keeps its bar."""
    problem = layer.problem
    times = measure(ready(problem, CONTENDERS), rounds)
    name = fastest(times, "winograd")
    ours = times[name]
    told, holds = verdict(times[fastest(times, "float32")] / ours, bar(problem))
    halves = float(np.median(times[fastest(times, "bfloat16")] / ours))
    print(
        f"{layer.name:8} {problem.label:24} {name} {np.median(ours) / 1e6:7.2f} ms"
        f" {problem.flops / np.median(ours):5.0f} Gflop/s  float32 x {told}"
        f"  bfloat16 x {halves:.2f}  packed in {pack_ns(problem) / 1e6:.1f} ms",
        flush=True,
    )
    return bool(holds)


def main() -> int:
    """Measure; return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    if reason := missing("float32"):
        print(f"nothing to compare with: {reason}")
        return 0
    held = [judge(layer, rounds) for layer in layers()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
