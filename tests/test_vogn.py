"""VOGN: steps against an oracle, draws against their distribution."""

from typing import Any

import numpy as np
import pytest

from tenbin.errors import UsageError
from tenbin.kernels.training import variant
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.vogn.posterior import Posterior
from tenbin.kernels.training.vogn.settings import Settings

N, SIZE = 500, 40_000


def posterior(settings: Settings, size: int = SIZE) -> Posterior:
    weights = np.linspace(-1.0, 1.0, size)
    return Posterior(np, weights, settings, N)


def test_draws_have_the_mean_and_the_variance_of_the_posterior() -> None:
    settings = Settings(prior_variance=0.5, tempering=0.2, damping=0.01)
    gaussian = posterior(settings)
    w = np.empty(SIZE)
    gaussian.draw(w, 0, (1, 2))
    variance = 0.2 / (N * (8e-3 + 0.01 + 0.2 / (N * 0.5)))
    deviation = (w - gaussian.mean) / np.sqrt(variance)
    assert abs(deviation.mean()) < 4 / np.sqrt(SIZE)
    assert deviation.var() == pytest.approx(1.0, rel=0.04)


def test_the_same_key_draws_the_same_weights() -> None:
    gaussian = posterior(Settings())
    first, again, other = (np.empty(SIZE) for _ in range(3))
    gaussian.draw(first, 0, (1, 2))
    gaussian.draw(again, 0, (1, 2))
    gaussian.draw(other, 0, (1, 3))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_steps_follow_the_update_rules() -> None:
    settings = Settings(
        prior_variance=0.3, tempering=0.7, damping=0.02, momentum=0.8, decay=0.95
    )
    gaussian, rng = posterior(settings, 50), np.random.default_rng(1)
    mu, m, s = gaussian.mean.copy(), np.zeros(50), np.full(50, 8e-3)
    d = 0.7 / (N * 0.3)
    for step in range(5):
        g, h = rng.standard_normal(50), rng.uniform(size=50)
        s = 0.95 * s + 0.05 * h
        m = 0.8 * m + g + d * mu
        mu = mu - 0.1 * m / (s + 0.02 + d)
        gaussian.move(g.copy(), h.copy(), 0.1, step)
    assert np.abs(gaussian.mean - mu).max() < 1e-12
    assert np.abs(gaussian.curvature - s).max() < 1e-14


def test_the_prior_comes_in_step_by_step() -> None:
    settings = Settings(tempering=0.5, kl_start=0.1, kl_steps=10)
    weights = [settings.weight(step) for step in (0, 5, 10, 99)]
    assert weights == pytest.approx([0.05, 0.275, 0.5, 0.5])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"settings": "samples=3, mc_groups=2"}, "not a multiple of mc_groups"),
        ({"settings": "prior_variance=0"}, "prior_variance = 0.0 is not positive"),
        ({"settings": "decay=1.5"}, "decay = 1.5; 0 to below 1"),
        ({"dropout": 0.2}, "noise of its own"),
        ({"l2": 0.2}, "set prior_variance"),
    ],
)
def test_what_does_not_fit_is_one_line(changes: dict[str, Any], message: str) -> None:
    problem = TrainingProblem("glyphs", "20", **changes)
    try:
        told = variant("vogn").misfit(problem, "float32")
    except UsageError as error:
        told = str(error)
    assert message in told


def test_monte_carlo_needs_something_to_draw() -> None:
    plain = TrainingProblem("glyphs", "20")
    assert "set dropout" in variant("mc").misfit(plain, "float32")
