"""The check of convolutions bites, at the edges of the number range too."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.check import UNIT_ROUNDOFF
from tenbin.dtypes import narrow
from tenbin.kernels.conv import VARIANTS
from tenbin.kernels.conv.operands import DRAWS, empty_result, operands
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import share
from tenbin.kernels.conv.verify import Oracle, accuracy, judge, oracle

PROBLEM = ConvProblem(2, 16, 8, 8, 12, 3, 3, padding=1)


def drawn(draw: str, dtype: str = "float16", seed: int = 1) -> tuple[Any, Any]:
    return operands(PROBLEM, share(PROBLEM, 1, 0), dtype, seed, draw)


def right_of(x: Any, w: Any, dtype: str = "float16", c: float = 8.0) -> Oracle:
    return oracle(PROBLEM, x, w, dtype, "float32", c)


def computed(x: Any, w: Any, dtype: str = "float16", variant: str = "im2col") -> Any:
    plan = VARIANTS[variant].plan(PROBLEM, dtype, 1)
    return plan.read(plan.run(x, w, empty_result(PROBLEM, dtype)))


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_every_kind_of_numbers_passes(draw: str, dtype: str) -> None:
    x, w = drawn(draw, dtype)
    c = PROBLEM.terms**0.5 if draw == "positive" else 8.0  # partial sums grow to S

    assert judge(computed(x, w, dtype), right_of(x, w, dtype, c)).ok


def test_integers_are_exact() -> None:
    x, w = drawn("integer")

    right = right_of(x, w)

    np.testing.assert_array_equal(computed(x, w), right.exact)
    assert accuracy(computed(x, w), right).relative_l2 == 0.0


def test_cancelling_sums_are_judged_by_what_they_are_made_of() -> None:
    x, w = drawn("cancelling")

    right = right_of(x, w)

    assert np.max(np.abs(right.exact)) < 1e-12
    assert judge(computed(x, w), right).ok
    assert judge(computed(x, w) + np.float16(2**-24), right).ok
    assert not judge(computed(x, w) + np.float16(1e-4), right).ok


@given(
    place=st.integers(0, 10**6),
    times=st.floats(2.5, 1e3),
    sign=st.sampled_from((-1, 1)),
)
@settings(deadline=None, max_examples=50)
def test_one_wrong_element_is_seen(place: int, times: float, sign: int) -> None:
    x, w = drawn("normal")
    right = right_of(x, w)
    result = computed(x, w)
    i = np.unravel_index(place % result.size, result.shape)

    wrong = float(right.exact[i]) + sign * times * float(right.allowed[i])
    result[i] = np.float16(wrong)

    assert not judge(result, right).ok


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_wrong(value: float) -> None:
    x, w = drawn("normal")
    result = computed(x, w)
    result[0, 0, 0, 0] = value

    assert not judge(result, right_of(x, w)).ok


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("variant", ["reference", "im2col"])
def test_what_is_not_finite_passes_through(variant: str, value: float) -> None:
    x, w = drawn("normal")
    x[0, 4, 4, 3] = value

    right = right_of(x, w)
    result = computed(x, w, variant=variant)

    assert 0 < np.count_nonzero(~np.isfinite(right.exact)) == 9 * PROBLEM.k
    assert judge(result, right).ok
    result[0, 4, 4, 0] = 0.0
    assert not judge(result, right).ok


def test_overflow_is_infinite_and_nothing_else() -> None:
    x, w = drawn("positive")
    x = (x.astype(np.float32) * 20000).clip(max=60000).astype(np.float16)
    right = right_of(x, w)
    result = computed(x, w)

    assert np.isinf(result).any()
    assert np.isfinite(result).any()
    assert judge(result, right).ok
    assert not judge(np.where(np.isinf(result), -result, result), right).ok
    assert not judge(np.full_like(result, np.inf), right).ok


def test_sums_in_half_precision_break_the_bound_of_float32() -> None:
    x, w = drawn("positive")
    result = computed(x, w, variant="half")

    assert not judge(result, right_of(x, w)).ok
    assert judge(result, oracle(PROBLEM, x, w, "float16", "float16", 8.0)).ok


def test_accuracy_tells_error_bias_and_excess() -> None:
    x, w = drawn("positive", "float32")
    right = right_of(x, w, "float32")
    exact = narrow(right.exact, "float32")

    shifted = accuracy(exact * np.float32(1.001), right)

    assert accuracy(exact, right).excess == 0.0
    assert shifted.relative_l2 == pytest.approx(1e-3, rel=1e-3)
    assert 0.9e-3 < shifted.bias < 1e-3
    expected = 1e-3 / UNIT_ROUNDOFF["float32"]  # positive: |exact| is S
    assert shifted.excess == pytest.approx(expected, rel=1e-2)


def test_a_result_of_nothing_but_padding_is_exact() -> None:
    problem = ConvProblem(1, 2, 1, 1, 3, 1, 1, stride=2, padding=1)
    x, w = operands(problem, share(problem, 1, 0), "float16", 1)
    right = oracle(problem, x, w, "float16", "float32", 8.0)
    zeros = np.zeros(right.exact.shape, np.float16)

    assert judge(zeros, right).ok
    assert accuracy(zeros, right).relative_l2 == 0.0


def test_the_bound_tells_apart_what_rounds_once_from_what_rounds_twice() -> None:
    x, w = drawn("normal")
    right = right_of(x, w)
    twice = narrow(narrow(right.exact, "bfloat16").astype(np.uint32), "float32")

    assert judge(narrow(right.exact, "float16"), right).error <= 1.0
    assert not judge(twice.astype(np.float16), right).ok
