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
from typing import Any

import numpy as np
from conv_turns import Contender, ready  # type: ignore[import-not-found]

from tenbin.kernels import native
from tenbin.kernels.conv.native import numbers
from tenbin.kernels.conv.networks import NETWORKS, Layer
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.torch import missing

NAMES = ("vgg-16", "resnet-50")
EVERY, WIDE = 2.4, 3.3
FEWEST_CHANNELS = 16  # below, no Winograd: conv1_1 is the pixel kernel's
ROUND_NS = 3_000_000  # a contender is repeated to fill about so much of a round
CONTENDERS: dict[str, Contender] = {
    "winograd4": ("winograd4", "float16", "nhwc"),
    "winograd2": ("winograd2", "float16", "nhwc"),
    "float32 nchw": ("torch", "float32", "nchw"),
    "float32 nhwc": ("torch", "float32", "nhwc"),
    "float32 packed": ("torch_prepacked", "float32", "nchw"),
    "bfloat16 nchw": ("torch", "bfloat16", "nchw"),
    "bfloat16 nhwc": ("torch", "bfloat16", "nhwc"),
    "bfloat16 packed": ("torch_prepacked", "bfloat16", "nchw"),
}


def layers() -> list[Layer]:
    """Return the layers that Winograd is for."""
    return [
        layer
        for name in NAMES
        for layer in NETWORKS[name].layers
        if layer.problem.r == 3
        and layer.problem.stride == 1
        and layer.problem.c >= FEWEST_CHANNELS
    ]


def bar(problem: ConvProblem) -> float:
    wide = min(problem.c, problem.k) >= 128 and min(problem.h, problem.w) >= 28
    return WIDE if wide else EVERY


def measure(problem: ConvProblem, rounds: int) -> dict[str, Any]:
    """Return the median ns of each round, by contender; each begins in turn."""
    tasks = {label: ready(problem, *who) for label, who in CONTENDERS.items()}
    often = {label: max(1, ROUND_NS // once(task)) for label, task in tasks.items()}
    times: dict[str, list[float]] = {label: [] for label in tasks}
    labels = list(tasks)
    for turn in range(rounds):
        first = turn % len(labels)
        for label in labels[first:] + labels[:first]:
            calls = [once(tasks[label]) for _ in range(often[label])]
            times[label].append(float(np.median(calls)))
    return {label: np.array(series) for label, series in times.items()}


def once(task: Any) -> int:
    task.reset(0)
    begin = thread_time_ns()
    task.run()
    return max(thread_time_ns() - begin, 1)


def pack_ns(problem: ConvProblem) -> int:
    """Return the time to pack the weights, the second time."""
    module = native.load()
    weights = np.zeros((problem.k, 3, 3, problem.c), np.float16)
    call = ("conv_winograd4", "float16", numbers(problem), weights)
    module.conv_pack(*call)
    begin = thread_time_ns()
    module.conv_pack(*call)
    return thread_time_ns() - begin


def best(times: dict[str, Any], prefix: str) -> str:
    """Return the contender with the least median among those of a prefix."""
    labels = [label for label in times if label.startswith(prefix)]
    return min(labels, key=lambda label: float(np.median(times[label])))


def judge(layer: Layer, rounds: int) -> bool:
    """Print one line; return whether the layer keeps its bar."""
    problem = layer.problem
    times = measure(problem, rounds)
    name = best(times, "winograd")
    ours = times[name]
    ratios = times[best(times, "float32")] / ours
    low, ratio, high = (float(q) for q in np.percentile(ratios, [25, 50, 75]))
    halves = float(np.median(times[best(times, "bfloat16")] / ours))
    holds = ratio >= bar(problem)
    print(
        f"{layer.name:8} {problem.label:24} {name} {np.median(ours) / 1e6:7.2f} ms"
        f" {problem.flops / np.median(ours):5.0f} Gflop/s"
        f"  {ratio:5.2f}x float32 [{low:.2f}, {high:.2f}]"
        f" {'within' if holds else 'BEYOND'} {bar(problem)}x  {halves:5.2f}x bfloat16"
        f"  packed in {pack_ns(problem) / 1e6:.1f} ms",
        flush=True,
    )
    return holds


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
