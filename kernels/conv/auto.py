"""The native algorithm that a shape asks for, and why.

    backwards                      direct; like forward in the data at stride 1
    a matrix unit                  dot, where that fits
    1x1, or as large as the image  pointwise
    1 to 3 filters, stride 1       pixel
    3x3 or 5x5, stride 1           winograd6, 4, 2 or what follows: the fewest products
    few channels                   pixel
    all others                     direct

Products are counted for each pair of channels: r r per output where they are direct,
m + r - 1 per tile and axis of F(m, r), fewer in the last tile. Transforms count as the
products that take as long: those of the filters, anew for every block of tiles, of x
and of y. Channels are rounded up to whole vectors.
A matrix unit multiplies 16 times as fast as vectors; no transform makes up for that.
`benchmarks/conv_auto.py` says what these rules miss. bfloat16 goes by the same rules:
its dot instruction on vectors runs at half the rate on some processors, where `dot` is
slower than `direct`, so that it is only there for who asks.
"""

from dataclasses import replace

from tenbin.kernels.conv.native import (
    in_matrix_unit,
    lacking,
    mirror,
    native,
    outputs_of,
    unfit,
)
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.variant import Plan

FEW_CHANNELS = 16
FEW_FILTERS = 4
WINOGRAD = ("winograd6", "winograd4", "winograd2")
BLOCK = 84  # tiles that share a transform of the weights
TRANSFORM = {3: 4, 5: 8}  # its cost, in tiles
SIDE = 9  # that of x and of y, in channels of the other side
VECTOR, PANEL = 16, 32  # what C and K are rounded up to, in AVX-512
FEWEST_POINTS = 4  # of a tile and axis


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
    problem = mirror(problem)
    if problem.direction != "forward":
        return [("direct", "the only one for this gradient")]
    wishes = []
    if in_matrix_unit("dot", dtype):
        wishes.append(("dot", "the matrix unit is 16 times as fast as vectors"))
    if problem.r == problem.s == 1:
        return [*wishes, ("pointwise", "1x1 is a matrix product")]
    if (problem.r, problem.s, problem.padding) == (problem.h, problem.w, 0):
        wishes.append(("pointwise", "a filter on a whole image is a matrix product"))
    if problem.k < FEW_FILTERS and problem.stride == 1:
        wishes.append(("pixel", "too few filters to fill a vector"))
    wishes += _winograd(problem)
    if problem.c < FEW_CHANNELS:
        wishes.append(("pixel", "too few channels to fill a vector"))
    return wishes


def _winograd(problem: ConvProblem) -> list[tuple[str, str]]:
    """Return Winograd's algorithms that multiply less than direct, the best first."""
    if problem.r != problem.s or problem.r not in TRANSFORM:
        return []
    products = {name: _products(problem, outputs_of(name)) for name in WINOGRAD}
    plain = problem.r**2 * problem.n * problem.p * problem.q
    plain = round(plain / _filled(problem.k // problem.groups, PANEL))
    return [
        (name, f"{plain / count:.1f} times fewer products")
        for name, count in sorted(products.items(), key=lambda item: item[1])
        if count < plain
    ]


def _products(problem: ConvProblem, m: int) -> int:
    """Return the products of F(m x m) for each pair of channels, or their like.

    Filters are transformed for each block of tiles: kernels/native/winograd.c.
    """
    r, c, k = problem.r, problem.c // problem.groups, problem.k // problem.groups
    tiles = problem.n * -(-problem.p // m) * -(-problem.q // m)
    blocks = max(1, round(tiles / BLOCK))
    points = problem.n * _points(problem.p, m, r) * _points(problem.q, m, r)
    sides = points * SIDE * (1 / c + 1 / k)
    filters = TRANSFORM[r] * (m + r - 1) ** 2 * blocks
    filled = _filled(c, VECTOR) * _filled(k, PANEL)
    return round((points + sides + filters) / filled)


def _filled(channels: int, vector: int) -> float:
    """Return the part of whole vectors that channels fill."""
    return channels / (-(-channels // vector) * vector)


def _points(outputs: int, m: int, r: int) -> int:
    """Return the points of all tiles of an axis."""
    full, rest = divmod(outputs, m)
    return full * (m + r - 1) + (max(rest + r - 1, FEWEST_POINTS) if rest else 0)
