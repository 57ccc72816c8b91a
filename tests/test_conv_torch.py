"""Torch keeps its bound; its float16 gradients keep that of what they round."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tenbin.kernels.conv import VARIANTS
from tenbin.kernels.conv.operands import empty_result, operands
from tenbin.kernels.conv.problem import DIRECTIONS, LAYOUTS, ConvProblem
from tenbin.kernels.conv.split import share
from tenbin.kernels.conv.verify import Oracle, judge, oracle

pytest.importorskip("torch")
TORCH = VARIANTS["torch"]
LARGE = (
    ConvProblem(1, 64, 14, 14, 64, 3, 3, padding=1),
    ConvProblem(2, 128, 9, 9, 64, 3, 3, stride=2, padding=1),
    ConvProblem(8, 64, 7, 7, 96, 5, 5, padding=2, groups=2),
    ConvProblem(4, 64, 14, 14, 128, 1, 1),
)


def convolved(
    problem: ConvProblem, dtype: str, draw: str = "normal"
) -> tuple[Any, Oracle, str]:
    """Return the result, what it must be, and the dtype of the sums."""
    first, second = operands(problem, share(problem, 1, 0), dtype, 1, draw)
    plan = TORCH.plan(problem, dtype, 1)
    out = empty_result(problem, dtype)
    result = plan.read(plan.run(plan.load(first), plan.pack(second), out))
    sums = TORCH.sums(plan, dtype)
    return result, oracle(problem, first, second, dtype, sums, plan.c, plan.tile), sums


@pytest.mark.parametrize("problem", LARGE, ids=lambda p: p.label)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_keeps_its_bound_with_many_channels(
    problem: ConvProblem, direction: str, layout: str, dtype: str
) -> None:
    wanted = replace(problem, direction=direction, layout=layout)

    for draw in ("normal", "cancelling", "subnormal"):
        result, right, _ = convolved(wanted, dtype, draw)
        verdict = judge(result, right)
        assert verdict.ok, (draw, verdict)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_only_the_parts_that_torch_rounds_are_granted(direction: str) -> None:
    import torch

    problem = replace(LARGE[1], direction=direction)
    coarse = direction != "forward"
    if torch.ops.mkldnn._is_mkldnn_fp16_supported():
        coarse = False

    assert convolved(problem, "float16")[2] == ("float16" if coarse else "float32")
    assert convolved(problem, "bfloat16")[2] == "float32"


def test_a_missing_tap_breaks_the_coarse_bound() -> None:
    problem = replace(LARGE[0], direction="backward-data")
    result, right, _ = convolved(problem, "float16")
    assert judge(result, right).ok

    first, second = operands(problem, share(problem, 1, 0), "float16", 1)
    second[:, 1, 1] = 0.0
    plan = TORCH.plan(problem, "float16", 1)
    out = empty_result(problem, "float16")
    without = plan.read(plan.run(plan.load(first), plan.pack(second), out))

    assert not judge(without, right).ok
    assert not judge(np.nextafter(result, 9, dtype=np.float16) * 1.05, right).ok
