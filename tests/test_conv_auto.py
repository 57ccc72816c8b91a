"""`auto`: which native convolution it picks, and that it says why."""

from dataclasses import replace
from importlib import import_module

import pytest

from tenbin.kernels.conv import VARIANTS
from tenbin.kernels.conv.auto import choose
from tenbin.kernels.conv.native import in_matrix_unit
from tenbin.kernels.conv.problem import ConvProblem
from tests.convolutions import case
from tests.tasks import ready


@pytest.mark.parametrize(
    ("problem", "wanted"),
    [
        (ConvProblem(1, 64, 56, 56, 64, 3, 3, padding=1), "winograd6"),
        (ConvProblem(4, 96, 27, 27, 256, 5, 5, padding=2), "winograd4"),
        (ConvProblem(4, 96, 27, 27, 256, 5, 5, padding=2, groups=2), "winograd4"),
        (ConvProblem(4, 64, 27, 27, 64, 3, 3, padding=1, groups=64), "direct"),
        (ConvProblem(1, 256, 14, 14, 256, 3, 3, padding=1), "winograd4"),
        (ConvProblem(1, 512, 7, 7, 512, 3, 3, padding=1), "winograd4"),
        (ConvProblem(1, 512, 5, 5, 512, 3, 3, padding=1), "winograd2"),
        (ConvProblem(1, 512, 3, 3, 512, 3, 3, padding=1), "direct"),
        (ConvProblem(1, 64, 56, 56, 64, 3, 3, 2, padding=1), "direct"),
        (ConvProblem(1, 3, 224, 224, 64, 3, 3, padding=1), "pixel"),
        (ConvProblem(4, 3, 227, 227, 96, 11, 11, 4), "pixel"),
        (ConvProblem(1, 64, 56, 56, 8, 3, 3, padding=1), "winograd6"),
        (ConvProblem(1, 64, 56, 56, 3, 3, 3, padding=1), "pixel"),
        (ConvProblem(1, 64, 56, 56, 3, 3, 3, 2, padding=1), "direct"),
        (ConvProblem(1, 64, 56, 56, 256, 1, 1), "pointwise"),
        (ConvProblem(64, 16, 5, 5, 120, 5, 5), "pointwise"),
        (ConvProblem(64, 1, 28, 28, 6, 5, 5, padding=2), "pixel"),
        (ConvProblem(1, 64, 9, 9, 64, 3, 3, direction="backward-data"), "winograd4"),
        (ConvProblem(1, 8, 9, 9, 8, 3, 3, 2, direction="backward-data"), "direct"),
        (ConvProblem(1, 8, 9, 9, 8, 3, 3, direction="backward-weights"), "direct"),
    ],
)
def test_auto_picks_by_shape_and_says_why(
    problem: ConvProblem, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := VARIANTS["pixel"].missing("float16"):
        pytest.skip(reason)
    rules = import_module("tenbin.kernels.conv.auto")
    monkeypatch.setattr(rules, "in_matrix_unit", lambda name, dtype: False)

    name, why = choose(problem, "float16")

    assert name == wanted
    with ready(case(replace(problem, n=1), "auto")) as task:
        assert task.details["why"]
    assert why


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    ("problem", "wanted"),
    [
        (ConvProblem(1, 64, 56, 56, 64, 3, 3, padding=1), "dot"),
        (ConvProblem(1, 64, 56, 56, 256, 1, 1), "dot"),
        (ConvProblem(64, 1, 28, 28, 6, 5, 5, padding=2), "pixel"),
        (ConvProblem(1, 64, 9, 9, 64, 3, 3, 2, direction="backward-data"), "direct"),
    ],
)
def test_auto_picks_the_matrix_unit_where_there_is_one(
    problem: ConvProblem, wanted: str, dtype: str
) -> None:
    if not in_matrix_unit("dot", dtype):
        pytest.skip(f"no matrix unit for {dtype}")

    assert choose(problem, dtype)[0] == wanted
