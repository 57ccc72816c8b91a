"""Calibration and detection, against what they are defined as."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tenbin.kernels.training.metrics import calibration, detection, entropy

few = st.integers(1, 12)
SCORES = arrays(float, few, elements=st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]))


@given(SCORES, SCORES)
def test_area_is_how_likely_a_positive_scores_higher(
    positive: np.ndarray, negative: np.ndarray
) -> None:
    pairs = np.sign(positive[:, None] - negative[None, :])
    expected = np.mean((pairs + 1) / 2)
    assert detection.roc(positive, negative).area == pytest.approx(expected)


@given(SCORES, SCORES)
def test_turning_the_scores_turns_the_curve(
    positive: np.ndarray, negative: np.ndarray
) -> None:
    found = detection.roc(positive, negative)
    turned = detection.roc(-positive, -negative)
    assert found.area + turned.area == pytest.approx(1.0)
    assert 0.0 <= found.equal_error <= 1.0


def test_rates_are_those_of_the_thresholds() -> None:
    positive = np.array([0.9, 0.8, 0.3, 0.1])
    negative = np.array([0.7, 0.2, 0.2, 0.05])
    found = detection.roc(positive, negative)
    assert found.fpr_at(0.5) == 0.0
    assert found.fpr_at(0.75) == 0.25
    assert found.fpr_at(0.95) == 0.75
    assert found.equal_error == pytest.approx(0.25)


def test_perfect_and_useless_scores() -> None:
    ones, zeros = np.ones(3), np.zeros(5)
    assert detection.roc(ones, zeros).area == 1.0
    assert detection.roc(ones, zeros).equal_error == 0.0
    assert detection.roc(ones, np.ones(4)).area == 0.5
    with pytest.raises(ValueError, match="positives and negatives"):
        detection.roc(ones, np.zeros(0))


def test_calibrated_predictions_have_no_error() -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(0.5, 1.0, 200_000)
    labels = (rng.uniform(size=p.size) > p).astype(int)
    probabilities = np.stack([p, 1 - p], axis=1)
    assert calibration.ece(probabilities, labels) < 0.005
    bold = np.stack([np.ones_like(p), np.zeros_like(p)], axis=1)
    assert calibration.ece(bold, labels) == pytest.approx(0.25, abs=0.005)


def test_certainty_of_a_wrong_class_costs_a_finite_price() -> None:
    certain = np.array([[1.0, 0.0]])
    assert calibration.nll(certain, np.array([0])) == 0.0
    assert 100 < calibration.nll(certain, np.array([1])) < 110
    assert calibration.accuracy(certain, np.array([1])) == 0.0


def test_entropy_is_largest_where_nothing_is_known() -> None:
    found = entropy.entropy(np.array([[0.1] * 10, [1.0] + [0.0] * 9]))
    assert found == pytest.approx([np.log(10), 0.0])


def test_examples_run() -> None:
    for module in (calibration, detection, entropy):
        assert doctest.testmod(module).failed == 0
