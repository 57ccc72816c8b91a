"""Permutation of launches: exact, indifferent to order, scale and direction."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tenbin.results.permute import can_decide, labellings, permute, smallest_p

values = st.floats(-1.0, 1.0, allow_subnormal=False)
sides = st.tuples(st.integers(2, 5), st.integers(2, 5), st.integers(1, 4)).flatmap(
    lambda n: st.tuples(
        arrays(float, (n[0], n[2]), elements=values),
        arrays(float, (n[1], n[2]), elements=values),
    )
)
Sides = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


@settings(deadline=None)
@given(sides, st.randoms())
def test_the_order_of_launches_changes_nothing(pair: Sides, random: Any) -> None:
    base, new = pair
    order = random.sample(range(len(base)), len(base))

    first, second = permute(base, new), permute(base[order], new)

    np.testing.assert_allclose(first.p_value, second.p_value)
    np.testing.assert_allclose(first.effect, second.effect, atol=1e-12)


@settings(deadline=None)
@given(sides)
def test_swapping_the_sides_turns_the_sign_alone(pair: Sides) -> None:
    base, new = pair

    there, back = permute(base, new), permute(new, base)

    np.testing.assert_allclose(there.effect, -back.effect, atol=1e-12)
    np.testing.assert_allclose(there.p_value, back.p_value)
    np.testing.assert_allclose(there.error, back.error, rtol=1e-3)


@settings(deadline=None)
@given(sides, st.floats(-5.0, 5.0))
def test_scaling_all_times_leaves_everything(pair: Sides, shift: float) -> None:
    base, new = (np.asarray(np.round(side, 3), dtype=np.float64) for side in pair)

    first, second = permute(base, new), permute(base + shift, new + shift)

    np.testing.assert_allclose(first.p_value, second.p_value)
    np.testing.assert_allclose(first.effect, second.effect, atol=1e-9)


def test_equal_times_are_no_difference() -> None:
    found = permute(np.zeros((5, 3)), np.zeros((5, 3)))

    assert (found.p_value == 1.0).all()
    assert (found.effect == 0.0).all()


def test_p_values_agree_with_counting_by_hand() -> None:
    base, new = np.array([[1.0], [2.0], [3.0]]), np.array([[4.0], [5.0], [6.0]])

    found = permute(base, new)

    assert found.p_value[0] == pytest.approx(2 / 20)
    assert found.effect[0] == pytest.approx(3.0)


@pytest.mark.parametrize(("base", "new"), [(3, 3), (4, 4), (5, 5), (2, 6), (3, 4)])
def test_the_least_p_value_is_reached(base: int, new: int) -> None:
    near, far_off = (np.linspace(0.0, 0.1, n)[:, None] for n in (base, new))

    far = permute(near, far_off + 9.0)

    assert far.p_value[0] == pytest.approx(smallest_p(base, new))
    assert can_decide(base, new) == (smallest_p(base, new) <= 0.05)


def test_many_launches_are_sampled_and_seeded() -> None:
    labels = labellings(12, 12)

    assert labels.shape == (10_000, 24)
    assert (labels.sum(axis=1) == 12).all()
    assert (labels == labellings(12, 12)).all()
    assert len(labellings(5, 5)) == math.comb(10, 5) == 252


def test_many_cases_keep_memory_in_bounds() -> None:
    assert len(labellings(12, 12, cases=100_000)) == 1_000
