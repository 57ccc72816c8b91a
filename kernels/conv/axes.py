"""The axes of a study: shapes to sweep, or networks at chosen batches."""

from dataclasses import replace
from itertools import product

import msgspec

from tenbin.axes import listed
from tenbin.errors import UsageError, unknown
from tenbin.kernels.conv.networks import NETWORKS
from tenbin.kernels.conv.problem import ConvProblem

SHAPE = ("c", "h", "w", "k", "r", "s", "stride", "padding", "dilation", "groups")
NEEDED = ("n", "c", "h", "k", "r")


class ConvAxes(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The keys of a study: each one value, or a list to sweep.

    A `network` brings its layers, and `n` its batch; without one, `n c h k r` are
    needed, and `w` is `h`, `s` is `r` unless given.
    """

    network: str | list[str] = []
    n: int | list[int] = []
    c: int | list[int] = []
    h: int | list[int] = []
    w: int | list[int] = []
    k: int | list[int] = []
    r: int | list[int] = []
    s: int | list[int] = []
    stride: int | list[int] = 1
    padding: int | list[int] = 0
    dilation: int | list[int] = 1
    groups: int | list[int] = 1
    direction: str | list[str] = "forward"
    layout: str | list[str] = "nhwc"
    cold: str | list[str] = "all"


def expand(axes: ConvAxes) -> tuple[ConvProblem, ...]:
    """Return every combination of the axes; raise UsageError, naming the key.

    >>> [p.label for p in expand(ConvAxes(n=[1, 2], c=3, h=8, k=4, r=3))]
    ['1x3x8x8-4x3x3', '2x3x8x8-4x3x3']
    """
    modes = product(*map(listed, (axes.direction, axes.layout, axes.cold)))
    shapes = _of_networks(axes) if listed(axes.network) else _swept(axes)
    return tuple(
        replace(shape, direction=direction, layout=layout, cold=cold)
        for direction, layout, cold in modes
        for shape in shapes
    )


def _of_networks(axes: ConvAxes) -> list[ConvProblem]:
    usual = ConvAxes()
    given = [key for key in SHAPE if getattr(axes, key) != getattr(usual, key)]
    if given:
        raise UsageError(f"conv: {given[0]} is given by the network; leave it out")
    problems: list[ConvProblem] = []
    for name in listed(axes.network):
        if name not in NETWORKS:
            raise unknown("conv network", name, NETWORKS)
        for n in listed(axes.n) or [0]:
            if n < 0 or (n == 0 and listed(axes.n)):
                raise UsageError(f"conv: n = {n}; at least 1")
            problems += NETWORKS[name].problems(n)
    return problems


def _swept(axes: ConvAxes) -> list[ConvProblem]:
    values = {key: listed(getattr(axes, key)) for key in ("n", *SHAPE)}
    for key in NEEDED:
        if not values[key]:
            raise UsageError(f"conv: {key} is missing; give n c h k r, or a network")
    problems = []
    for point in product(*(value or [0] for value in values.values())):
        sizes = dict(zip(values, point, strict=True))
        for key, other in (("w", "h"), ("s", "r")):
            sizes[key] = sizes[key] if values[key] else sizes[other]
        problems.append(ConvProblem(**sizes))
    return problems
