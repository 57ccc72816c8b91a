"""Winograd convolution in half precision against torch's float32, layer by layer.

    python benchmarks/conv_winograd.py

The 3x3 layers of stride 1 of VGG-16 and ResNet-50, one image, one thread, warm, weights
packed before; float16 stored and float32 computed, against the best of torch's float32
(plain, channels_last, prepacked). Exits 1 beyond a bar:

    every layer                            2.4 times torch float32
    C, K >= 128 and H, W >= 28             3.3 times torch float32
"""

import argparse
import sys
from importlib.util import find_spec

import numpy as np
from conv_turns import measure, quartiles  # type: ignore[import-not-found]

from tenbin.kernels.conv.networks import NETWORKS, Layer

NAMES = ("vgg-16", "resnet-50")
EVERY, WIDE = 2.4, 3.3
FEWEST_CHANNELS = 16  # below, no Winograd: conv1_1 is the pixel kernel's


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


def bar(layer: Layer) -> float:
    problem = layer.problem
    wide = min(problem.c, problem.k) >= 128 and min(problem.h, problem.w) >= 28
    return WIDE if wide else EVERY


def judge(layer: Layer, rounds: int) -> bool:
    """Print one line; return whether the layer keeps its bar."""
    problem = layer.problem
    found = measure(problem, rounds)
    ours = found.times["ours"]
    ratio, low, high = quartiles(found.best("torch32") / ours)
    to_half = float(np.median(found.best("torch16") / ours))
    holds = bool(ratio >= bar(layer))
    print(
        f"{layer.name:8} {problem.label:24} {found.algorithm:9}"
        f" {np.median(ours) / 1e6:7.2f} ms {problem.flops / np.median(ours):5.0f}"
        f" Gflop/s  {ratio:5.2f}x float32 [{low:.2f}, {high:.2f}]"
        f" {'within' if holds else 'BEYOND'} {bar(layer)}x  {to_half:5.2f}x bfloat16"
        f"  pack {found.pack_ns / 1e6:.1f} ms",
        flush=True,
    )
    return holds


def main() -> int:
    """Measure; return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    if not find_spec("torch"):
        print("torch is not installed: nothing to compare with")
        return 1
    held = [judge(layer, rounds) for layer in layers()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
