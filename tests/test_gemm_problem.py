"""GEMM problems: presets, shards, scalings, and the axes of a study."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin.case import Case
from tenbin.errors import UsageError
from tenbin.kernels.gemm.presets import DEEPBENCH, PRESETS
from tenbin.kernels.gemm.problem import GemmAxes, GemmProblem, expand

sizes = st.integers(1, 33)


@pytest.mark.parametrize(
    ("name", "count", "small", "tflop"),
    [
        ("deepbench-train", 160, 76, 26.71),
        ("deepbench-server", 75, 32, 1.80),
        ("deepbench-device", 13, 11, 0.03),
    ],
)
def test_deepbench_is_whole(name: str, count: int, small: int, tflop: float) -> None:
    problems = PRESETS[name]

    assert len(problems) == len({problem.label for problem in problems}) == count
    assert len(PRESETS[f"{name}-small"]) == small
    assert round(sum(problem.flops for problem in problems) / 1e12, 2) == tflop


def test_largest_deepbench_problem() -> None:
    largest = max(PRESETS["deepbench-train"], key=lambda problem: problem.flops)

    assert largest.flops // 10**9 == 2283
    assert (
        max(2 * problem.elements for problem in PRESETS["deepbench-train"]) // 2**20
        == 1076
    )


def test_small_and_full_are_of_all_of_deepbench() -> None:
    every = {problem for name in DEEPBENCH for problem in PRESETS[name]}

    assert set(PRESETS["full"]) == every
    assert len(PRESETS["full"]) == len(every)
    for problem in PRESETS["full"]:
        fits = problem.flops <= 5e9 and 2 * problem.elements <= 2**28
        assert fits == (problem in PRESETS["small"])


def test_laptop_problems_are_short_deepbench_training() -> None:
    for problem in PRESETS["laptop"]:
        assert problem in DEEPBENCH["deepbench-train"]
        assert problem.flops <= 40e-3 * 90e9
        assert 4 * problem.elements <= 256 * 2**20


def test_every_preset_names_its_problems_once() -> None:
    for problems in PRESETS.values():
        assert len({problem.label for problem in problems}) == len(problems) > 0


def test_work_counts_flops_and_each_operand_once() -> None:
    work = GemmProblem(2, 3, 5).work("float32")

    assert (work.flops, work.bytes) == (2 * 2 * 3 * 5, 4 * (2 * 5 + 5 * 3 + 2 * 3))


@given(m=sizes, n=sizes, k=sizes, ranks=st.integers(1, 9))
def test_shards_cover_the_product_once(m: int, n: int, k: int, ranks: int) -> None:
    problem = GemmProblem(m, n, k)
    if max(m, n) < ranks:
        with pytest.raises(UsageError, match="cannot be split"):
            problem.shard(ranks, 0)
        return
    cover = np.zeros((m, n), int)

    for rank in range(ranks):
        rows, columns = problem.block(ranks, rank)
        cover[rows.start : rows.stop, columns.start : columns.stop] += 1

    shards = [problem.shard(ranks, rank) for rank in range(ranks)]
    assert (cover == 1).all()
    assert sum(shard.flops for shard in shards) == problem.flops


@given(n=sizes, ranks=st.integers(1, 64))
def test_weak_scaling_keeps_the_share_of_a_rank(n: int, ranks: int) -> None:
    share = GemmProblem(7, n, 5, "tn")
    weak = Case("gemm", "numpy", "float32", share, ranks, scaling="weak")

    assert weak.whole.work("float32").flops == ranks * share.flops
    assert all(share.times(ranks).shard(ranks, rank) == share for rank in range(ranks))


def test_axes_are_swept() -> None:
    axes = msgspec.convert(
        {"m": 8, "n": [1, 2], "k": 4, "transpose": ["nn", "tt"]}, GemmAxes
    )

    assert [problem.label for problem in expand(axes)] == [
        "8x1x4-nn", "8x1x4-tt", "8x2x4-nn", "8x2x4-tt",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"m": 0}, "m = 0"),
        ({"n": [4, -1]}, "n = -1"),
        ({"k": []}, "k is an empty list"),
        ({"transpose": "xx"}, "transpose 'xx'; choose from nn, tn, nt, tt"),
    ],
)
def test_bad_axes_name_their_key(change: dict[str, Any], message: str) -> None:
    axes = msgspec.convert({"m": 1, "n": 1, "k": 1, **change}, GemmAxes)

    with pytest.raises(UsageError, match=message):
        expand(axes)


def test_axes_are_strict() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field `p`"):
        msgspec.convert({"m": 1, "n": 1, "k": 1, "p": 1}, GemmAxes)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"m": "8", "n": 1, "k": 1}, GemmAxes)
