"""GEMM in half precision: against NumPy's float32 and against the measured peaks.

    python benchmarks/gemm_half.py

One thread. NumPy's float32, the native products and torch's half (where installed) take
turns in one process, on DeepBench's shapes; every result passes its check. Times are of
the thread's processor, so that a busy machine disturbs less; the peak of multiply-adds
takes its turn, too. Exits 1 beyond a bar:

    square    float16 stored, n >= 1024: 1.0 of NumPy float32 and 0.88 of the peak
    skinny    n = 16 .. 64: 1.4 times NumPy float32
    gemv      4096 x 25088: 1.8 times NumPy float32
    avx2      0.85 of the AVX-512 product, or, where 512-bit vectors have two units, of
              its own measured peak
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import thread_time_ns
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from tenbin.dtypes import narrow
from tenbin.kernels.gemm import verify
from tenbin.kernels.gemm.operands import operands
from tenbin.kernels.gemm.problem import GemmProblem
from tenbin.kernels.gemm.torch import missing as no_torch
from tenbin.kernels.gemm.torch import torch
from tenbin.kernels.native import load

BASE = "numpy float32"
TORCH = "torch float16"
SQUARE = (GemmProblem(1024, 1024, 1024), GemmProblem(2048, 2048, 2048))
SKINNY = tuple(
    GemmProblem(m, n, k)
    for m, n, k in (
        (1760, 16, 1760),
        (1760, 32, 1760),
        (1760, 64, 1760),
        (2560, 16, 2560),
        (4096, 16, 4096),
        (7680, 16, 2560),
        (3072, 64, 1024),
    )
)
GEMV = (GemmProblem(4096, 1, 25088),)
VECTOR_ISAS = ("avx512", "avx2", "neon")
PEAK_STEPS = 300_000
ROUND_NS = 4_000_000  # a series is repeated to fill about so much of a round

Series = dict[str, tuple[Callable[[], object], Callable[[], bool]]]


@dataclass(frozen=True)
class Times:
    """The median ns of one call in each round, by series; flop/s of the peaks."""

    flops: int
    series: dict[str, list[float]]
    peaks: dict[str, list[float]]

    def ratios(self, label: str, base: str = BASE) -> np.ndarray[Any, Any]:
        """Return how many times faster than the base, round by round."""
        return np.divide(self.series[base], self.series[label])

    def of_peak(self, label: str, isa: str) -> np.ndarray[Any, Any]:
        """Return the part of the peak, each round with its own peak."""
        return self.flops / np.array(self.series[label]) * 1e9 / self.peaks[isa]


def isas() -> list[str]:
    """Return the ISAs of multiply-adds in float32 sums, best first."""
    here = {isa for operation, dtype, isa in load().rows() if operation == "gemm"}
    return [isa for isa in VECTOR_ISAS if isa in here]


def series_of(problem: GemmProblem) -> Series:
    """Return what takes turns on a problem, each with its check."""
    whole = range(problem.m), range(problem.n)
    found: Series = {}

    def add(label: str, dtype: str, run: Callable[..., object]) -> None:
        a, b = operands(problem, *whole, dtype, seed=1)
        out = narrow(np.zeros((problem.m, problem.n)), dtype)
        right = verify.oracle(a, b, dtype, "float32", seed=1, c=16.0)
        found[label] = (
            lambda: run(a, b, out),
            lambda: verify.judge(out, right).ok,
        )

    add(BASE, "float32", lambda a, b, out: np.matmul(a, b, out=out))
    native = load()
    best = native.chosen("gemm", "float16")
    for isa in dict.fromkeys((best, *isas())):
        add(
            f"float16 {isa}",
            "float16",
            lambda a, b, out, isa=isa: native.gemm(
                "gemm", "float16", a, b, out, 1, isa
            ),
        )
    if any(row[0] == "gemm_dot" for row in native.rows()):
        add(
            f"bfloat16 dot {native.chosen('gemm_dot', 'bfloat16')}",
            "bfloat16",
            lambda a, b, out: native.gemm("gemm_dot", "bfloat16", a, b, out, 1),
        )
    # Without a matrix unit torch makes 0.4 to 4 Gflop/s.
    if not no_torch() and (best == "amxfp16" or problem.flops < 5e8):
        add(TORCH, "float16", torch)
    return found


def measure(problem: GemmProblem, rounds: int) -> Times:
    """Return the times of all series in turn; raise SystemExit for a wrong result."""
    series = series_of(problem)
    often = {}
    for label, (run, right) in series.items():
        run()
        if not right():
            raise SystemExit(f"{problem.label}: {label} is wrong")
        often[label] = int(max(1, min(100, ROUND_NS // max(1, timed(run, 1)))))
    times: dict[str, list[float]] = {label: [] for label in series}
    peaks: dict[str, list[float]] = {isa: [] for isa in isas()}
    labels = list(series)
    for turn in range(rounds):
        first = turn % len(labels)
        for label in labels[first:] + labels[:first]:
            times[label].append(timed(series[label][0], often[label]))
        for isa, rates in peaks.items():
            rates.append(peak(isa))
    return Times(problem.flops, times, peaks)


def timed(run: Callable[[], object], repetitions: int) -> float:
    """Return the ns of this thread that one call takes."""
    begun = thread_time_ns()
    for _ in range(repetitions):
        run()
    return (thread_time_ns() - begun) / repetitions


def peak(isa: str) -> float:
    """Return the flop/s of float32 multiply-adds in this thread's processor time."""
    flops, _, _, cpu_ns = load().fma_peak("float32", PEAK_STEPS, isa)
    return float(flops / cpu_ns * 1e9)


def line(name: str, values: np.ndarray[Any, Any], least: float | None) -> bool:
    """Print a median with its spread, and the verdict; return whether it holds."""
    middle = float(np.median(values))
    held = least is None or middle >= least
    told = "" if least is None else f"{'within' if held else 'BEYOND'} {least:.2f}"
    low, high = np.percentile(values, [25, 75])
    print(f"  {name:34} {middle:6.2f} [{low:.2f}, {high:.2f}]  {told}", flush=True)
    return held


def judge(problem: GemmProblem, times: Times, least: float, of_peak: bool) -> bool:
    """Print one problem; return whether its bars hold."""
    native = load()
    best = f"float16 {native.chosen('gemm', 'float16')}"
    rate = problem.flops / np.median(times.series[best])
    print(f"{problem.label}: {best} at {rate:.1f} Gflop/s; times faster than {BASE}:")
    held = True
    for label in times.series:
        if label != BASE:
            held &= line(label, times.ratios(label), least if label == best else None)
    if TORCH in times.series:
        line(f"{best} / {TORCH}", times.ratios(best, TORCH), None)
    vectors = isas()
    if of_peak and vectors:
        for isa in vectors:
            own = times.of_peak(f"float16 {isa}", isa)
            held &= line(f"float16 {isa} of the peak of {isa}", own, 0.85)
        own = times.of_peak(best, vectors[0])
        held &= line(f"{best} of the peak of {vectors[0]}", own, 0.88)
    if {"avx2", "avx512"} <= set(vectors):
        line("avx2 / avx512", times.ratios("float16 avx2", "float16 avx512"), None)
    return held


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args(arguments)
    held = True
    with threadpool_limits(1):
        for problems, least in ((SQUARE, 1.0), (SKINNY, 1.4), (GEMV, 1.8)):
            for problem in problems:
                times = measure(problem, asked.rounds)
                held &= judge(problem, times, least, problems is SQUARE)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
