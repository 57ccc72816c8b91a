"""Does `auto` pick the fastest algorithm? Every layer of four networks, one thread.

    conv_auto.py [NETWORK ...]

All algorithms take turns; times are of the thread's processor. Every layer has the same
rounds, so that the sums over a network have a ratio in each. Exits 1 where what auto
picks takes more than 1.05 times the best of each layer.
"""

import sys
from typing import Any

import numpy as np
from convolutions import Contender, ready  # type: ignore[import-not-found]
from interleaved import fastest, measure  # type: ignore[import-not-found]

from tenbin.kernels.conv import NATIVE
from tenbin.kernels.conv.auto import choose
from tenbin.kernels.conv.networks import NETWORKS, Layer
from tenbin.kernels.conv.problem import ConvProblem

NAMES = ("lenet-5", "alexnet", "vgg-16", "resnet-50")
ALGORITHMS = {
    name: Contender(name)
    for name, sums in NATIVE.items()
    if sums.get("float16") == "float32"
}
ROUNDS = 9
MOST = 1.05


def weigh(layer: Layer, problem: ConvProblem) -> Any:
    """Print one layer; return what auto and the best take, all times: (2, rounds)."""
    times = measure(ready(problem, ALGORITHMS), ROUNDS)
    picked, why = choose(problem, "float16")
    both = np.stack([times[picked], times[fastest(times)]])
    each = "  ".join(f"{k} {np.median(ns) / 1e6:.3f}" for k, ns in times.items())
    ratio = float(np.median(both[0] / both[1]))
    print(f"  {layer.name:10} x{layer.count}  {each}  -> {picked} ({why})  {ratio:.2f}")
    return layer.count * both


def judge(name: str) -> bool:
    """Print one network; return whether auto keeps its bar."""
    network = NETWORKS[name]
    print(f"{name}, {network.n} images, ms")
    pairs = zip(network.layers, network.problems(), strict=True)
    picked, best = sum(weigh(layer, problem) for layer, problem in pairs)
    ratio = float(np.median(picked / best))
    holds = ratio <= MOST
    print(f"  auto {np.median(picked) / 1e6:.2f} ms, best of each"
          f" {np.median(best) / 1e6:.2f} ms: {ratio:.3f}x"
          f"  {'within' if holds else 'BEYOND'} {MOST:g}x", flush=True)  # fmt: skip
    return holds


if __name__ == "__main__":
    verdicts = [judge(name) for name in sys.argv[1:] or NAMES]
    sys.exit(0 if all(verdicts) else 1)
