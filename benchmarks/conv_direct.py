"""Direct convolution in half precision against torch: medians of interleaved runs.

Three parts: `layers` (one core, warm), `cold` (operands out of cache), `threads` (two
threads against one); all of them, or those named on the command line.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter_ns
from typing import Any, NamedTuple

import numpy as np

from tenbin.kernels import native

nn = native.load()
Run = Callable[[], object]

GEOMEAN, LEAST, OF_PEAK, LENET, HALF, COLD, THREADS = (
    1.10,
    0.95,
    0.88,
    2.5,
    4.0,
    1.5,
    1.8,
)
LAYER_NS = 1_200_000_000
COLD_BYTES = 1 << 28


class Layer(NamedTuple):
    """Square images and filters, in NHWC."""

    n: int
    c: int
    h: int
    k: int
    r: int
    stride: int = 1
    pad: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """The numbers of struct conv_shape."""
        n, c, h, k, r, stride, pad = self
        return (n, c, h, h, k, r, r, stride, stride, pad, pad, 1, 1, 1)

    @property
    def out(self) -> int:
        """Height and width of the output."""
        return (self.h + 2 * self.pad - self.r) // self.stride + 1

    @property
    def flops(self) -> float:
        """Nominal, the border included."""
        return 2.0 * self.n * self.out**2 * self.k * self.c * self.r**2

    @property
    def operation(self) -> str:
        """The algorithm made for the layer."""
        if self.r == 1:
            return "conv_pointwise"
        return "conv_pixel" if self.c < 4 and self.k < 16 else "conv_direct"

    @property
    def matrix_unit(self) -> bool:
        """Whether this CPU multiplies float16 matrices."""
        return any(row[:2] == ("conv_dot", "float16") for row in nn.rows())


LAYERS = {
    "LeNet C1": Layer(64, 1, 32, 6, 5),
    "LeNet C2": Layer(64, 6, 14, 16, 5),
    "AlexNet C1": Layer(4, 3, 227, 96, 11, 4),
    "AlexNet C2": Layer(4, 96, 27, 256, 5, 1, 2),
    "AlexNet C3": Layer(4, 256, 13, 384, 3, 1, 1),
    "VGG 1_1": Layer(1, 3, 224, 64, 3, 1, 1),
    "VGG 1_2": Layer(1, 64, 224, 64, 3, 1, 1),
    "VGG 3_2": Layer(1, 256, 56, 256, 3, 1, 1),
    "VGG 5": Layer(1, 512, 14, 512, 3, 1, 1),
    "ResNet conv1": Layer(1, 3, 224, 64, 7, 2, 3),
    "ResNet 2 3x3": Layer(1, 64, 56, 64, 3, 1, 1),
    "ResNet 2 64-256": Layer(1, 64, 56, 256, 1),
    "ResNet 2 256-64": Layer(1, 256, 56, 64, 1),
    "ResNet 3 3x3": Layer(1, 128, 28, 128, 3, 1, 1),
    "ResNet 4 3x3": Layer(1, 256, 14, 256, 3, 1, 1),
    "ResNet 4 1024-256": Layer(1, 1024, 14, 256, 1),
    "ResNet 5 3x3": Layer(1, 512, 7, 512, 3, 1, 1),
    "ResNet 5 512-2048": Layer(1, 512, 7, 2048, 1),
}
STAGE_5 = ("ResNet 5 3x3", "ResNet 5 512-2048")


@dataclass(frozen=True)
class Operands:
    """float16 x in NHWC and weights in KRSC."""

    x: Any
    weights: Any


def draw(layer: Layer, seed: int = 0) -> Operands:
    normal = np.random.default_rng(seed).standard_normal
    fan = layer.c * layer.r**2
    x = normal((layer.n, layer.h, layer.h, layer.c))
    weights = normal((layer.k, layer.r, layer.r, layer.c)) / np.sqrt(fan)
    return Operands(x.astype(np.float16), weights.astype(np.float16))


def check(layer: Layer, operands: Operands, y: Any) -> None:
    """Compare some outputs with their definition in float64."""
    rng = np.random.default_rng(1)
    edge = ((0, 0), (layer.pad,) * 2, (layer.pad,) * 2, (0, 0))
    x = np.pad(operands.x, edge).astype(np.float64)
    for _ in range(50):
        n, p, q, k = (
            int(rng.integers(i)) for i in (layer.n, layer.out, layer.out, layer.k)
        )
        h, w = p * layer.stride, q * layer.stride
        terms = x[n, h : h + layer.r, w : w + layer.r] * operands.weights[k]
        bound = 2.0**-11 * abs(terms.sum()) + 2.0**-25 + 2.0**-21 * abs(terms).sum()
        if not abs(float(y[n, p, q, k]) - terms.sum()) <= bound:
            raise SystemExit(f"{layer}: wrong at {(n, p, q, k)}")


def prepare(
    layer: Layer, operands: Operands, threads: int = 1, operation: str = ""
) -> Run:
    """Return the timed call; its first result has been checked."""
    what = (operation or layer.operation, "float16", layer.shape)
    packed = nn.conv_pack(*what, operands.weights)
    scratch = nn.aligned(nn.conv_scratch_bytes(*what, threads))
    y = np.empty((layer.n, layer.out, layer.out, layer.k), np.float16)

    def run() -> None:
        nn.conv(*what, operands.x, packed, y, scratch, threads)

    run()
    check(layer, operands, y)
    return run


def torch_runs(layer: Layer, operands: Operands, halves: bool = True) -> dict[str, Run]:
    """Return torch's ways: float32 in three layouts, half in two."""
    import torch
    from torch.nn.functional import conv2d
    from torch.utils import mkldnn

    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    x = torch.from_numpy(operands.x.transpose(0, 3, 1, 2).astype(np.float32).copy())
    w = torch.from_numpy(
        operands.weights.transpose(0, 3, 1, 2).astype(np.float32).copy()
    )
    runs: dict[str, Run] = {}
    for dtype, name in ((torch.float32, "f32"), (torch.half, "half"))[: 1 + halves]:
        for order, layout in (
            (torch.contiguous_format, "nchw"),
            (torch.channels_last, "nhwc"),
        ):
            a, b = (t.to(dtype).contiguous(memory_format=order) for t in (x, w))
            runs[f"{name} {layout}"] = partial(
                conv2d, a, b, stride=layer.stride, padding=layer.pad
            )
    module = torch.nn.Conv2d(
        layer.c, layer.k, layer.r, layer.stride, layer.pad, bias=False
    ).eval()
    module.weight = torch.nn.Parameter(w)
    blocked, packed = x.to_mkldnn(), mkldnn.to_mkldnn(module)
    runs["f32 prepacked"] = lambda: packed(blocked)
    return runs


def peak_ns(layer: Layer) -> float:
    """Return the time of the layer at the FMA rate measured now."""
    flops, begin_ns, end_ns, _ = nn.fma_peak("float32", 100_000)
    return float(layer.flops * (end_ns - begin_ns) / flops)


def interleave(runs: dict[str, Run], layer: Layer, between: Run) -> dict[str, Any]:
    """Return the times in ns of each run, by turns, and of the layer at peak."""
    times: dict[str, list[float]] = {name: [] for name in (*runs, "peak")}
    stop = perf_counter_ns() + LAYER_NS
    while perf_counter_ns() < stop or len(times["peak"]) < 7:
        for name, run in runs.items():
            between()
            start = perf_counter_ns()
            run()
            times[name].append(perf_counter_ns() - start)
        times["peak"].append(peak_ns(layer))
    return {name: np.array(series) for name, series in times.items()}


def ratio(
    times: dict[str, Any], prefix: str, ours: tuple[str, ...] = ("ours",)
) -> tuple[float, float, float]:
    """Return median and quartiles of the best of torch over ours, round by round."""
    theirs = tuple(name for name in times if name.startswith(prefix))
    return quartiles(times[fastest(times, theirs)] / times[fastest(times, ours)])


def fastest(times: dict[str, Any], names: tuple[str, ...]) -> str:
    known = [name for name in names if name in times]
    return min(known, key=lambda name: float(np.median(times[name])))


def quartiles(series: Any) -> tuple[float, float, float]:
    low, middle, high = (float(p) for p in np.percentile(series, [25, 50, 75]))
    return middle, low, high


def nothing() -> None:
    pass


def measure_layers() -> list[str]:
    """Warm, one core: print each layer; return the bars that were missed."""
    missed, ratios = [], []
    print(f"{'layer':18} {'GFLOP/s':>8} {'of peak':>8}  vs float32 [25, 75 %]", end="")
    print("  vs half (direct or matrix unit, the better)")
    for name, layer in LAYERS.items():
        operands = draw(layer)
        runs = {"ours": prepare(layer, operands), **torch_runs(layer, operands)}
        if layer.matrix_unit:
            runs["dot"] = prepare(layer, operands, operation="conv_dot")
        for run in runs.values():
            run()
        times = interleave(runs, layer, nothing)
        speed, low, high = ratio(times, "f32")
        half = ratio(times, "half", ("ours", "dot"))[0]
        of_peak = quartiles(times["peak"] / times["ours"])[0]
        ratios.append(speed)
        rate = layer.flops / float(np.median(times["ours"]))
        print(
            f"{name:18} {rate:8.1f} {of_peak:8.2f}  {speed:8.2f}"
            f" [{low:.2f}, {high:.2f}] {half:8.2f}",
            flush=True,
        )
        least = LENET if name == "LeNet C1" else LEAST
        if speed < least:
            missed.append(f"{name}: {speed:.2f} of torch float32, bar {least}")
        if half < HALF:
            missed.append(f"{name}: {half:.2f} of torch half, bar {HALF}")
        if min(layer.c, layer.k) >= 32 and of_peak < OF_PEAK:
            missed.append(f"{name}: {of_peak:.2f} of peak, bar {OF_PEAK}")
    geomean = float(np.exp(np.mean(np.log(ratios))))
    print(f"geomean of {len(ratios)} layers: {geomean:.3f}, bar {GEOMEAN}")
    if geomean < GEOMEAN:
        missed.append(f"geomean {geomean:.3f}, bar {GEOMEAN}")
    return missed


def measure_cold() -> list[str]:
    """ResNet stage 5 with every operand out of cache."""
    missed = []
    flush = np.zeros(COLD_BYTES // 8)
    for name in STAGE_5:
        operands = draw(LAYERS[name])
        runs = {
            "ours": prepare(LAYERS[name], operands),
            **torch_runs(LAYERS[name], operands, halves=False),
        }
        times = interleave(runs, LAYERS[name], lambda: flush.__iadd__(1.0))
        speed, low, high = ratio(times, "f32")
        print(f"{name:18} cold {speed:8.2f} [{low:.2f}, {high:.2f}] of torch float32")
        if speed < COLD:
            missed.append(f"{name} cold: {speed:.2f}, bar {COLD}")
    return missed


def measure_threads() -> list[str]:
    """Two threads against one, one image."""
    missed: list[str] = []
    if len(os.sched_getaffinity(0)) < 2:
        print("threads: skipped, one core only")
        return missed
    for name, layer in LAYERS.items():
        if layer.n > 1:
            continue
        operands = draw(layer)
        runs = {"ours": prepare(layer, operands, 2), "one": prepare(layer, operands)}
        speed, low, high = ratio(interleave(runs, layer, nothing), "one")
        print(f"{name:18} two threads {speed:8.2f} [{low:.2f}, {high:.2f}]", flush=True)
        if speed < THREADS:
            missed.append(f"{name} on two threads: {speed:.2f}, bar {THREADS}")
    return missed


PARTS = {"layers": measure_layers, "cold": measure_cold, "threads": measure_threads}


def main(names: list[str]) -> int:
    """Measure; return 1 where a bar is missed."""
    missed = [line for name in names or PARTS for line in PARTS[name]()]
    print(*(f"MISSED {line}" for line in missed), sep="\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
