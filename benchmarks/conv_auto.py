"""Does `auto` pick the fastest algorithm? Every layer of four networks, one thread.

    conv_auto.py [NETWORK ...]

Bar: summed over each network, layers times their counts, what auto picks takes at most
1.05 times the best of each layer.
"""

import sys

import numpy as np
from conv_turns import times_ms  # type: ignore[import-not-found]

from tenbin.kernels.conv import NATIVE
from tenbin.kernels.conv.auto import choose
from tenbin.kernels.conv.networks import NETWORKS, Layer
from tenbin.kernels.conv.problem import ConvProblem

NAMES = ("lenet-5", "alexnet", "vgg-16", "resnet-50")
ALGORITHMS = {name: (name, "float16", "nhwc") for name in NATIVE if name != "fp16acc"}
ROUNDS = 7
MOST = 1.05


def weigh(layer: Layer, problem: ConvProblem) -> tuple[float, float]:
    """Print one layer; return what auto takes and what the best takes, all times."""
    found = times_ms(problem, ALGORITHMS, ROUNDS)
    picked, why = choose(problem, "float16")
    best = min(found, key=lambda name: found[name])
    each = "  ".join(f"{name} {ms:.3f}" for name, ms in found.items())
    ratio = found[picked] / found[best]
    print(f"  {layer.name:10} x{layer.count}  {each}  -> {picked} ({why})  {ratio:.2f}")
    return layer.count * found[picked], layer.count * found[best]


def main(names: list[str]) -> int:
    beyond = 0
    for name in names or NAMES:
        network = NETWORKS[name]
        print(f"{name}, {network.n} images, ms")
        pairs = zip(network.layers, network.problems(), strict=True)
        picked, best = np.sum([weigh(layer, p) for layer, p in pairs], axis=0)
        ratio = picked / best
        beyond += ratio > MOST
        verdict = "BEYOND" if ratio > MOST else "within"
        print(f"  auto {picked:.2f} ms, best of each {best:.2f} ms: {ratio:.3f}x"
              f"  {verdict} {MOST:g}x", flush=True)  # fmt: skip
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
