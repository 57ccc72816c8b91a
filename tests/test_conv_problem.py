"""Convolution problems: presets, networks, shares, and the axes of a study."""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tenbin.case import Case
from tenbin.errors import UsageError
from tenbin.kernels.conv.axes import ConvAxes, expand
from tenbin.kernels.conv.networks import NETWORKS, places
from tenbin.kernels.conv.operands import result_shape
from tenbin.kernels.conv.presets import PRESETS
from tenbin.kernels.conv.problem import DIRECTIONS, ConvProblem
from tenbin.kernels.conv.split import share, splits


@st.composite
def problems(draw: st.DrawFn, most: int = 9) -> ConvProblem:
    """Draw small shapes of every kind; those without an output are left out."""
    size = st.integers(1, most)
    groups = draw(st.integers(1, 3))
    shape: dict[str, Any] = {key: draw(size) for key in ("n", "h", "w", "r", "s")}
    shape |= {key: draw(st.integers(1, 4)) * groups for key in ("c", "k")}
    shape |= {key: draw(st.integers(1, 4)) for key in ("stride", "dilation")}
    shape["padding"] = draw(st.integers(0, shape["r"]))
    direction = draw(st.sampled_from(tuple(DIRECTIONS)))
    layout = draw(st.sampled_from(("nhwc", "nchw")))
    try:
        return ConvProblem(**shape, groups=groups, direction=direction, layout=layout)
    except UsageError:
        assume(False)
        raise


@pytest.mark.parametrize(
    ("name", "count", "gflop"),
    [
        ("deepbench-train", 90, 554.5),
        ("deepbench-server", 103, 85.9),
        ("deepbench-device", 15, 1.7),
    ],
)
def test_deepbench_is_whole(name: str, count: int, gflop: float) -> None:
    found = PRESETS[name]

    assert len({problem.label for problem in found}) == len(found) == count
    assert round(sum(problem.flops for problem in found) / 1e9, 1) == gflop


def test_deepbench_has_55_layers() -> None:
    sets = [PRESETS[name] for name in PRESETS if name.startswith("deepbench")]

    assert len({replace(problem, n=1) for found in sets for problem in found}) == 55


@pytest.mark.parametrize(
    ("name", "count", "gflop"),
    [("vgg-16", 13, 30.69), ("resnet-50", 53, 8.17), ("alexnet-one-tower", 5, 2.15)],
)
def test_networks_are_whole(name: str, count: int, gflop: float) -> None:
    layers = NETWORKS[name].layers

    assert sum(layer.count for layer in layers) == count
    total = sum(layer.count * layer.problem.flops for layer in layers)
    assert round(total / 1e9, 2) == gflop
    assert len({layer.problem for layer in layers}) == len(layers)


def test_layers_of_a_network_feed_each_other() -> None:
    c3 = NETWORKS["lenet-5"].layers[1].problem

    assert (c3.p, c3.q) == (10, 10)
    assert NETWORKS["alexnet"].layers[0].problem.p == 55
    assert NETWORKS["resnet-50"].layers[0].problem.p == 112


def test_a_shape_knows_the_networks_it_occurs_in() -> None:
    problem = ConvProblem(16, 512, 14, 14, 512, 3, 3, padding=1, cold="weights")

    assert places(problem) == {
        "vgg-16": {"layer": "conv5", "number": 8, "count": 3, "layers": 9}
    }


def test_small_leaves_out_the_large() -> None:
    assert 0 < len(PRESETS["small"]) < len(PRESETS["full"])
    for problem in PRESETS["small"]:
        assert problem.flops <= 5e9
        assert 2 * sum(problem.elements) <= 2**28


def test_every_preset_names_its_problems_once() -> None:
    for found in PRESETS.values():
        assert len({problem.label for problem in found}) == len(found) > 0


def test_padding_is_not_counted_as_work_done() -> None:
    problem = ConvProblem(1, 512, 7, 7, 512, 3, 3, padding=1)

    assert problem.flops == 2 * 49 * 512 * 512 * 9
    assert problem.flops_unpadded == 2 * 512 * 512 * 19 * 19  # 6 + 7 + 6 in each axis


@given(problem=problems())
def test_unpadded_flops_count_taps_in_the_image(problem: ConvProblem) -> None:
    def hits(size: int, out: int, taps: int) -> int:
        reach = [
            i * problem.stride + tap * problem.dilation - problem.padding
            for i in range(out)
            for tap in range(taps)
        ]
        return sum(0 <= place < size for place in reach)

    rows = hits(problem.h, problem.p, problem.r)
    columns = hits(problem.w, problem.q, problem.s)
    each = 2 * problem.n * problem.k * problem.depth
    assert problem.flops_unpadded == each * rows * columns


def test_a_stride_skips_pixels_nobody_reads() -> None:
    whole = ConvProblem(1, 4, 8, 8, 2, 1, 1)
    half = ConvProblem(1, 4, 8, 8, 2, 1, 1, stride=2)

    assert whole.elements == (4 * 64, 8, 2 * 64)
    assert half.elements == (4 * 16, 8, 2 * 16)
    assert whole.work("float16").bytes == 2 * (4 * 64 + 8 + 2 * 64)


@given(problem=problems(), ranks=st.integers(1, 6))
def test_shares_cover_the_result_once(problem: ConvProblem, ranks: int) -> None:
    if not splits(problem, ranks):
        with pytest.raises(UsageError, match="cannot be split"):
            share(problem, ranks, 0)
        return
    cover = np.zeros(result_shape(problem), int)

    shares = [share(problem, ranks, rank) for rank in range(ranks)]
    for one in shares:
        if problem.direction == "backward-weights":
            cover[one.k.start : one.k.stop] += 1
        else:
            channels = one.k if problem.direction == "forward" else one.c
            rows = slice(one.images.start, one.images.stop)
            cover[rows, ..., channels.start : channels.stop] += 1

    assert (cover == 1).all()
    assert sum(one.problem.flops for one in shares) == problem.flops


@given(problem=problems(), ranks=st.integers(1, 8))
def test_weak_scaling_keeps_the_share_of_a_rank(
    problem: ConvProblem, ranks: int
) -> None:
    assume(problem.direction != "backward-weights")
    weak = Case("conv", "im2col", "float32", problem, ranks, scaling="weak")

    assert weak.whole.work("float32").flops == ranks * problem.flops
    parts = [share(problem.times(ranks), ranks, rank) for rank in range(ranks)]
    assert all(one.problem == problem for one in parts)


def test_axes_are_swept() -> None:
    axes = msgspec.convert(
        {"n": 1, "c": 4, "h": 8, "k": [8, 16], "r": 3, "padding": 1,
         "direction": ["forward", "backward-data"]}, ConvAxes
    )  # fmt: skip

    assert [problem.label for problem in expand(axes)] == [
        "1x4x8x8-8x3x3-p1", "1x4x8x8-16x3x3-p1",
        "1x4x8x8-8x3x3-p1-bd", "1x4x8x8-16x3x3-p1-bd",
    ]  # fmt: skip


def test_a_network_is_swept_over_batches_and_cold_operands() -> None:
    axes = ConvAxes(network="lenet-5", n=[1, 8], cold=["none", "weights"])

    found = expand(axes)

    assert len(found) == 3 * 2 * 2
    assert found[0].label == "1x1x28x28-6x5x5-p2-warm"
    assert found[-1].label == "8x16x5x5-120x5x5-coldw"


SHAPE = {"n": 1, "c": 4, "h": 8, "k": 8, "r": 3}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n": 0}, "n = 0; at least 1"),
        ({"padding": -1}, "padding = -1; at least 0"),
        ({"groups": 3}, "groups = 3 do not divide c = 4"),
        ({"r": 9}, "filter 9x9 at dilation 1 is larger than its padded input"),
        ({"k": []}, "k is missing"),
        ({"layout": "chwn"}, "no conv layout 'chwn'; choose from nhwc, nchw"),
        ({"direction": "back"}, "direction 'back'; choose from forward, backward-data"),
        ({"cold": "hot"}, "cold 'hot'; choose from all, weights, none"),
        ({"direction": "backward-weights", "cold": "weights"}, "reads no weights"),
        ({"network": "vgg-16"}, "c is given by the network"),
        ({"network": "vgg"}, "c is given by the network"),
    ],
)
def test_bad_axes_name_their_key(change: dict[str, Any], message: str) -> None:
    axes = msgspec.convert({**SHAPE, **change}, ConvAxes)

    with pytest.raises(UsageError, match=message):
        expand(axes)


def test_an_unknown_network_names_the_choices() -> None:
    with pytest.raises(UsageError, match="no conv network vgg; choose from lenet-5, a"):
        expand(ConvAxes(network="vgg"))
    with pytest.raises(UsageError, match="n = 0; at least 1"):
        expand(ConvAxes(network="vgg-16", n=0))
