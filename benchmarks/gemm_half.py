"""GEMM in half precision: against NumPy's float32 and against the measured peaks.

    python benchmarks/gemm_half.py

One thread. NumPy's float32, the native products and torch's half (where installed) take
turns in one process, in an order drawn anew for each round, on DeepBench's shapes; all
results pass their checks. Times are of the thread's processor, so that a busy machine
disturbs less; the peaks of multiply-adds take turns, too, and the ratio to NumPy that
the peak itself would have is printed. Exits 1 beyond a bar:

    square    float16 stored, n >= 1024: 1.0 of NumPy float32 and 0.88 of the peak
    skinny    n = 16 .. 64: 1.4 times NumPy float32
    gemv      4096 x 25088: 1.8 times NumPy float32
    avx2      square: 0.85 of the AVX-512 product where both have the same measured peak
              (Zen 4); where 512-bit vectors have twice the peak, the ratio is printed
              and each must reach 0.85 of its own peak
"""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from interleaved import Run, measure, verdict  # type: ignore[import-not-found]
from peaks import at_peak, same  # type: ignore[import-not-found]
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
VECTOR_ISAS = ("avx512", "avx2", "sve512", "neon")
OF_PEAK, ISA = 0.88, 0.85

Multiply = Callable[[Any, Any, Any], object]


@dataclass(frozen=True)
class Times:
    """The ns of one call in each round, by series; those at the peak of each ISA."""

    series: dict[str, Any]
    peaks: dict[str, Any]

    def ratios(self, label: str, base: str = BASE) -> Any:
        """Return how many times faster than the base, round by round."""
        return self.series[base] / self.series[label]

    def of_peak(self, label: str, isa: str) -> Any:
        """Return the part of the peak, each round with its own peak."""
        return self.peaks[isa] / self.series[label]

    @property
    def same_peak(self) -> bool:
        """Return whether AVX2 has the peak of AVX-512."""
        return bool(same(self.peaks["avx512"] / self.peaks["avx2"]))


def isas() -> list[str]:
    """Return the ISAs of multiply-adds in float32 sums, best first."""
    here = {isa for operation, dtype, isa in load().rows() if operation == "gemm"}
    return [isa for isa in VECTOR_ISAS if isa in here]


def series_of(problem: GemmProblem) -> dict[str, tuple[str, Multiply]]:
    """Return what takes turns on a problem: the dtype, and what multiplies."""
    found: dict[str, tuple[str, Multiply]] = {
        BASE: ("float32", lambda a, b, out: np.matmul(a, b, out=out))
    }
    best = load().chosen("gemm", "float16")
    for isa in dict.fromkeys((best, *isas())):
        found[f"float16 {isa}"] = "float16", native("gemm", "float16", isa)
    if any(row[0] == "gemm_dot" for row in load().rows()):
        isa = load().chosen("gemm_dot", "bfloat16")
        found[f"bfloat16 dot {isa}"] = "bfloat16", native("gemm_dot", "bfloat16", isa)
    # Without a matrix unit torch makes 0.4 to 4 Gflop/s.
    if not no_torch() and (best == "amxfp16" or problem.flops < 5e8):
        found[TORCH] = "float16", torch
    return found


def native(operation: str, dtype: str, isa: str) -> Multiply:
    """Return the native product of an ISA on one thread."""
    return lambda a, b, out: load().gemm(operation, dtype, a, b, out, 1, isa)


def ready(problem: GemmProblem, label: str, dtype: str, multiply: Multiply) -> Run:
    """Return a call that has passed its check; raise SystemExit for a wrong one."""
    a, b = operands(problem, range(problem.m), range(problem.n), dtype, seed=1)
    out = narrow(np.zeros((problem.m, problem.n)), dtype)
    multiply(a, b, out)
    if not verify.judge(out, verify.oracle(a, b, dtype, "float32", seed=1, c=16.0)).ok:
        raise SystemExit(f"{problem.label}: {label} is wrong")
    return lambda: multiply(a, b, out)


def times_of(problem: GemmProblem, rounds: int) -> Times:
    """Return the times of all series and of the peaks, in turns."""
    runs = {
        label: ready(problem, label, *how) for label, how in series_of(problem).items()
    }
    peaks = {isa: at_peak(problem.flops, isa) for isa in isas()}
    found = measure(runs, rounds, peaks)
    return Times({label: found[label] for label in runs}, {i: found[i] for i in peaks})


def line(name: str, values: Any, least: float = 0.0) -> bool:
    """Print a median with its spread, and the verdict; return whether it holds."""
    told, holds = verdict(values, least)
    print(f"  {name:34} {told}", flush=True)
    return bool(holds)


def judge(problem: GemmProblem, times: Times, least: float, of_peak: bool) -> bool:
    """Print one problem; return whether its bars hold."""
    native = load()
    best = f"float16 {native.chosen('gemm', 'float16')}"
    rate = problem.flops / np.median(times.series[best])
    print(f"{problem.label}: {best} at {rate:.1f} Gflop/s; times faster than {BASE}:")
    held = True
    for label in times.series:
        if label != BASE:
            held &= line(label, times.ratios(label), least if label == best else 0.0)
    for isa, peak in list(times.peaks.items())[:1]:
        line(f"the peak of {isa}", times.series[BASE] / peak)
    if TORCH in times.series:
        line(f"{best} / {TORCH}", times.ratios(best, TORCH))
    return judge_isas(best, times, of_peak) and held


def judge_isas(best: str, times: Times, of_peak: bool) -> bool:
    """Print how the ISAs compare with their peaks and with each other."""
    vectors, held = isas(), True
    pair = {"avx2", "avx512"} <= set(vectors)
    same = pair and times.same_peak
    for isa in vectors if of_peak else ():
        own = times.of_peak(f"float16 {isa}", isa)
        held &= line(f"float16 {isa} of its peak", own, 0.0 if same else ISA)
    if of_peak and vectors:
        own = times.of_peak(best, vectors[0])
        held &= line(f"{best} of the peak of {vectors[0]}", own, OF_PEAK)
    if pair:
        both = times.ratios("float16 avx2", "float16 avx512")
        held &= line("avx2 / avx512", both, ISA if same and of_peak else 0.0)
    return held


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args(arguments)
    held = True
    with threadpool_limits(1):
        for problems, least in ((SQUARE, 1.0), (SKINNY, 1.4), (GEMV, 1.8)):
            for problem in problems:
                times = times_of(problem, asked.rounds)
                held &= judge(problem, times, least, problems is SQUARE)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
