"""The AVX2 path against the AVX-512 path: 18 layers in float16, one thread, warm.

What `auto` picks, and the algorithm without a transform, each on both; all take turns
with the peaks of multiply-adds of both, in the thread's processor time. Where the peaks
are the same (Zen 4), AVX2 must reach 0.85 of AVX-512 on every layer. Where 512-bit
vectors have twice the peak, each path must reach 0.85 of its own peak instead, without
a transform and with C, K >= 32; the ratio is printed. Exits 1 beyond a bar.
"""

import sys
from functools import partial

import numpy as np
from convolutions import (  # type: ignore[import-not-found]
    Contender,
    algorithm,
    listed,
    ready,
)
from interleaved import measure, verdict  # type: ignore[import-not-found]
from peaks import at_peak, peak, same  # type: ignore[import-not-found]

from tenbin.kernels.conv.auto import choose
from tenbin.kernels.conv.native import native
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.native import load

ISAS = ("avx2", "avx512")
BAR = 0.85
ROUNDS = 15


def of_isas(name: str) -> dict[str, Contender]:
    """Return an algorithm held to each ISA."""
    return {
        f"{name} {isa}": Contender(name, plan=native(name, isa=isa)) for isa in ISAS
    }


def judge(name: str, problem: ConvProblem, same_peak: bool) -> bool:
    """Print a layer; return whether its bars hold."""
    direct, picked = algorithm(problem), choose(problem, "float16")[0]
    runs = ready(problem, {**of_isas(direct), **of_isas(picked)})
    peaks = {f"peak {isa}": at_peak(problem.flops, isa) for isa in ISAS}
    times = measure(runs, ROUNDS, peaks)
    wide = min(problem.c, problem.k) >= 32
    held, said = True, []
    for one in dict.fromkeys((direct, picked)):
        both = times[f"{one} avx512"] / times[f"{one} avx2"]
        told, holds = verdict(both, BAR if same_peak else 0.0)
        said.append(f"{one}: avx2 / avx512 {told}")
        held &= holds
    for isa in () if same_peak else ISAS:
        of_peak = times[f"peak {isa}"] / times[f"{direct} {isa}"]
        told, holds = verdict(of_peak, BAR if wide else 0.0)
        said.append(f"{isa} of its peak {told}")
        held &= holds
    print(f"{name:24} {'; '.join(said)}", flush=True)
    return held


def main() -> int:
    """Measure; return 1 where a bar is missed."""
    here = {isa for operation, _, isa in load().rows() if operation == "conv_direct"}
    if not set(ISAS) <= here:
        print(f"nothing to compare: this CPU has {', '.join(sorted(here))}")
        return 0
    avx2, avx512 = (np.median([peak(isa) for _ in range(9)]) for isa in ISAS)
    print(f"peak of avx2 {avx2 / 1e9:.0f}, of avx512 {avx512 / 1e9:.0f} Gflop/s")
    one = partial(judge, same_peak=same(avx2 / avx512))
    held = [one(*layer) for layer in listed().items()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
