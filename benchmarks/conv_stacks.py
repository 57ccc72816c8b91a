"""Whole networks in float16 against torch in float32 and bfloat16, on one thread.

    conv_stacks.py [NETWORK ...]

Torch is the best of NCHW, channels_last and prepacked, layer by layer. Needs torch;
without it there is nothing to compare with, and no bar is judged.
"""

import sys

from conv_turns import Contender, times_ms  # type: ignore[import-not-found]

from tenbin.kernels.conv.networks import NETWORKS
from tenbin.kernels.conv.torch import missing

PEERS = (("torch", "nchw"), ("torch", "nhwc"), ("torch_prepacked", "nchw"))
CONTENDERS: dict[str, Contender] = {
    "auto": ("auto", "float16", "nhwc"),
    **{
        f"{dtype} {name} {layout}": (name, dtype, layout)
        for dtype in ("float32", "bfloat16", "float16")
        for name, layout in PEERS
    },
}
# network -> how many times faster than torch float32, and than torch bfloat16
BARS = {"vgg-16": (3.2, 1.5), "resnet-50": (1.5, 0.0), "alexnet-one-tower": (1.4, 0.0)}
ROUNDS = 5


def total_ms(name: str) -> dict[str, float]:
    """Return the sum over the layers for auto, and for each dtype of torch."""
    network = NETWORKS[name]
    sums = dict.fromkeys(("auto", "float32", "bfloat16", "float16"), 0.0)
    for layer, problem in zip(network.layers, network.problems(), strict=True):
        found = times_ms(problem, CONTENDERS, ROUNDS)
        for key in sums:
            best = min(ms for label, ms in found.items() if label.split()[0] == key)
            sums[key] += layer.count * best
    return sums


def main(names: list[str]) -> int:
    if reason := missing("float32"):
        print(f"nothing to compare with: {reason}")
        return 0
    short = 0
    for name in names or BARS:
        sums = total_ms(name)
        wanted = dict(zip(("float32", "bfloat16"), BARS.get(name, (0, 0)), strict=True))
        print(f"{name}: auto {sums['auto']:.2f} ms", flush=True)
        for dtype in ("float32", "bfloat16", "float16"):
            ratio, bar = sums[dtype] / sums["auto"], wanted.get(dtype, 0.0)
            short += ratio < bar
            verdict = f"{'BEYOND' if ratio < bar else 'within'} {bar:g}x" if bar else ""
            print(f"  torch {dtype:8} {sums[dtype]:8.2f} ms  {ratio:6.2f}x  {verdict}",
                  flush=True)  # fmt: skip
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
