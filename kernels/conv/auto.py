"""The native algorithm that a shape asks for, and why.

    backwards                      direct
    bfloat16                       dot
    3x3, stride 1, large enough    winograd4; winograd2 where its tiles fit better
    1x1                            pointwise
    few channels                   pixel
    all others                     direct

The rules are measured, not searched: `benchmarks/conv_auto.py` says what they miss.
"""

from dataclasses import replace

from tenbin.kernels.conv.native import lacking, native, unfit
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.variant import Plan

FEW_K, FEW_C = 16, 4
MOST_WASTE = 1.35  # output that tiles of 4 compute, over what is wanted
FEWEST_TILES = 12


def auto(problem: ConvProblem, dtype: str, threads: int) -> Plan:
    """Return the plan of the chosen algorithm; its details say which and why."""
    name, why = choose(problem, dtype)
    plan = native(name)(problem, dtype, threads)
    return replace(plan, details={**plan.details, "why": why})


def choose(problem: ConvProblem, dtype: str) -> tuple[str, str]:
    """Return the algorithm for a shape, and why in a few words.

    What does not fit the shape, or is not there for this CPU, is passed over.
    """
    for name, why in _wishes(problem, dtype):
        if not (unfit(name)(problem, dtype) or lacking(name)(dtype)):
            return name, why
    return "direct", "computes every shape"


def _wishes(problem: ConvProblem, dtype: str) -> list[tuple[str, str]]:
    """Return algorithms from the most wanted to the least."""
    if problem.direction != "forward":
        return [("direct", "the only one backwards")]
    if dtype == "bfloat16":
        return [("dot", "two products of bfloat16 at a time")]
    wishes = []
    if problem.r == problem.s == 3:
        waste, tiles = _tiles(problem)
        if waste < MOST_WASTE and tiles >= FEWEST_TILES:
            wishes.append(("winograd4", "3x3 on tiles of 4: 4 times fewer products"))
        wishes.append(("winograd2", "3x3 on tiles of 2: 2.25 times fewer products"))
    if problem.r == problem.s == 1:
        wishes.append(("pointwise", "1x1 is a matrix product"))
    if problem.k < FEW_K or problem.c < FEW_C:
        wishes.insert(0, ("pixel", "too few channels to fill a vector"))
    return wishes


def _tiles(problem: ConvProblem) -> tuple[float, int]:
    """Return what tiles of 4 x 4 compute over what is wanted, and their number."""
    rows, columns = -(-problem.p // 4), -(-problem.q // 4)
    waste = 16 * rows * columns / (problem.p * problem.q)
    return waste, problem.n * rows * columns
