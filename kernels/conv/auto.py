"""The native algorithm that a shape asks for, and why.

    backwards                      direct
    few channels                   pixel, where that fits
    a matrix unit                  dot
    3x3, stride 1, many tiles      winograd4
    3x3, stride 1, some tiles      winograd2
    1x1                            pointwise
    all others                     direct

A tile of Winograd's pays for reading transformed weights, 8 times the bytes of float16
for F(4x4) and 3.6 times for F(2x2); with few tiles they are all that is waited for.
A matrix unit multiplies 16 times as fast as vectors; no transform makes up for that.
`benchmarks/conv_auto.py` says what these rules miss. bfloat16 goes by the same rules:
its dot instruction on vectors runs at half the rate on some processors, where `dot` is
slower than `direct`, so that it is only there for who asks.
"""

from dataclasses import replace

from tenbin.kernels.conv.native import in_matrix_unit, lacking, native, unfit
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.variant import Plan

FEW_K, FEW_C = 16, 4
FEWEST_TILES = 32


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
    few = problem.k < FEW_K or problem.c < FEW_C
    wishes = [("pixel", "too few channels to fill a vector")] if few else []
    if in_matrix_unit("dot", dtype):
        wishes.append(("dot", "the matrix unit is 16 times as fast as vectors"))
    return wishes if few else wishes + _on_vectors(problem)


def _on_vectors(problem: ConvProblem) -> list[tuple[str, str]]:
    if problem.r == problem.s == 1:
        return [("pointwise", "1x1 is a matrix product")]
    if problem.r == problem.s == 3 and _tiles(problem, 4) >= FEWEST_TILES:
        return [("winograd4", "3x3 on tiles of 4: 4 times fewer products")]
    if problem.r == problem.s == 3 and _tiles(problem, 2) >= FEWEST_TILES:
        return [("winograd2", "3x3 on tiles of 2: 2.25 times fewer products")]
    return []


def _tiles(problem: ConvProblem, side: int) -> int:
    """Return how many tiles of side x side cover the output."""
    return problem.n * -(-problem.p // side) * -(-problem.q // side)
