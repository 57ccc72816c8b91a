"""What cuDNN is asked for, where there is no GPU to answer."""

from typing import Any

import numpy as np
import pytest

from tenbin.kernels.conv import VARIANTS
from tenbin.kernels.conv.cudnn import channels_last, extents, strides, unfit
from tenbin.kernels.conv.operands import operands
from tenbin.kernels.conv.problem import DIRECTIONS, ConvProblem
from tenbin.kernels.conv.split import share


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_tensors_are_what_lies_in_memory(direction: str) -> None:
    problem = ConvProblem(2, 8, 9, 7, 16, 3, 5, 2, 2, direction=direction)
    first, second = operands(problem, share(problem, 1, 0), "float16", 1)
    names = {
        "forward": "xw",
        "backward-data": "yw",
        "backward-weights": "xy",
    }[direction]

    for name, array in zip(names, (first, second), strict=True):
        view = channels_last(array)
        assert list(view.shape) == extents(problem)[name]
        assert list(np.divide(view.strides, 2)) == strides(extents(problem)[name])


@pytest.mark.parametrize(
    ("change", "word"),
    [({"layout": "nchw"}, "nhwc"), ({"groups": 2}, "group"), ({"c": 12}, "multiples")],
)
def test_shapes_that_are_not_asked_for_say_why(
    change: dict[str, Any], word: str
) -> None:
    shape: dict[str, Any] = {"n": 1, "c": 16, "h": 8, "w": 8, "k": 16, "r": 3, "s": 3}

    assert unfit(ConvProblem(**shape), "float16") == ""
    assert word in unfit(ConvProblem(**{**shape, **change}), "float16")


def test_what_is_missing_is_one_line() -> None:
    assert "\n" not in VARIANTS["cudnn"].missing("float16")
