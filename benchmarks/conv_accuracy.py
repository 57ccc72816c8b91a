"""How exact the native algorithms are: 18 layers, several seeds, each that computes it.

    conv_accuracy.py [--seeds 3]

Every element of every result keeps the bound of its algorithm (`tenbin.check`), or this
exits 1. Float16 that is stored and summed in float32 is at the rounding of its output
alone: the relative error is 2.1e-4, at most 1.05 times so, direct or by Winograd.
Printed are the worst over seeds; excess is in units of 2^-24 S, with the S of the
check, which tiles share (`tenbin.kernels.conv.verify`), and with that of each output
alone. The latter is at most 8 where sums are direct or by F(2x2, 3x3), 64 by
F(4x4, 3x3), 16 by dot products. What sums in float16 computes the layers of at most
300 MFLOP.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace

from convolutions import listed  # type: ignore[import-not-found]

from tenbin.case import Case
from tenbin.kernels.conv import KERNEL, NATIVE, VARIANTS, verify
from tenbin.kernels.conv.auto import WINOGRAD
from tenbin.kernels.conv.operands import empty_result, operands
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import share

ROUNDING, MARGIN = 2.1e-4, 1.05
AT_ROUNDING = ("direct", "pixel", "pointwise", *WINOGRAD, "dot")
ALONE = {"direct": 8, "pixel": 8, "pointwise": 8, "dot": 16}
ALONE_3 = {"winograd2": 8, "winograd4": 64}  # of 3x3 filters
SMALL_FLOPS = 3 * 10**8


@dataclass(frozen=True)
class Found:
    """The worst of one algorithm on one layer: error in units of its bound."""

    of_bound: float
    relative_l2: float
    bias: float
    excess: float
    alone: float  # excess, over S of one output


def algorithms(problem: ConvProblem) -> Iterator[tuple[str, str]]:
    """Yield name and dtype of the native algorithms that compute a layer here."""
    for name, sums in NATIVE.items():
        for dtype in sums:
            slow = sums[dtype] == "float16" and problem.flops > SMALL_FLOPS
            if not slow and not KERNEL.decline(Case("conv", name, dtype, problem)):
                yield name, dtype


def weigh(problem: ConvProblem, dtype: str, names: list[str], seed: int) -> list[Found]:
    """Return how exact each algorithm is with the operands of one seed."""
    pair = operands(problem, share(problem, 1, 0), dtype, seed)
    exact = verify.exact_sums(problem, *pair, dtype)
    own = verify.absolute_sums(problem, *pair, dtype)
    found = []
    for name in names:
        variant = VARIANTS[name]
        plan = variant.plan(problem, dtype, 1)
        result = plan.run(pair[0], plan.pack(pair[1]), empty_result(problem, dtype))
        sums = variant.sums(plan, dtype)
        magnitude = verify.absolute_sums(problem, *pair, dtype, plan.tile)
        allowed = verify.allowed(exact, magnitude, dtype, sums, plan.c)
        right = verify.Oracle(dtype, problem.layout, exact, magnitude, allowed)
        told = verify.accuracy(result, right)
        error = verify.judge(result, right).error
        alone = verify.accuracy(result, replace(right, magnitude=own)).excess
        found.append(Found(error, told.relative_l2, told.bias, told.excess, alone))
    return found


def judge(name: str, problem: ConvProblem, seeds: int) -> bool:
    """Print a layer, a line per algorithm; return whether all are exact enough."""
    here, held = list(algorithms(problem)), True
    for dtype in dict.fromkeys(dtype for _, dtype in here):
        names = [one for one, of in here if of == dtype]
        runs = [weigh(problem, dtype, names, seed) for seed in range(1, seeds + 1)]
        for one, found in zip(names, zip(*runs, strict=True), strict=True):
            most = ALONE.get(one) or (ALONE_3.get(one) if problem.r == 3 else None)
            held &= line(f"{name:24} {one:9} {dtype:8}", one, dtype, found, most)
    return held


def line(
    told: str, name: str, dtype: str, found: tuple[Found, ...], most: float | None
) -> bool:
    """Print the worst over the seeds; return whether bound and rounding are kept."""
    bound = max(one.of_bound for one in found)
    error = max(one.relative_l2 for one in found)
    exact = dtype == "float16" and name in AT_ROUNDING
    alone = max(one.alone for one in found)
    held = bound <= 1.0 and (not exact or error <= MARGIN * ROUNDING)  # NaN fails
    held = held and (most is None or alone <= most)
    bias = max(abs(one.bias) for one in found)
    excess = max(one.excess for one in found)
    print(f"{told}  {bound:5.2f} of its bound  error {error:.2e}  bias {bias:.0e}"
          f"  excess {excess:8.2f}, alone {alone:8.2f}"
          f"  {'within' if held else 'BEYOND'}",
          flush=True)  # fmt: skip
    return held


def main() -> int:
    """Weigh; return 1 where an algorithm is not exact enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    held = [judge(name, problem, seeds) for name, problem in listed().items()]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
