"""Optimisers and schedules: steps against torch's, by hand where there is none."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.kernels.training.optimisers import OPTIMISERS, Stepper
from tenbin.kernels.training.optimisers.optimiser import PIECE
from tenbin.kernels.training.schedules import SCHEDULES

SIZE, STEPS, RATE = 40, 6, 0.05


def walk(name: str, size: int = SIZE, steps: int = STEPS) -> tuple[Any, Any]:
    """Return weights after some steps on seeded gradients, and the start."""
    rng = np.random.default_rng(4)
    w, g = rng.standard_normal(size), np.empty(size)
    start = w.copy()
    step = Stepper(OPTIMISERS[name], np, w, g)
    for number in range(1, steps + 1):
        g[...] = rng.standard_normal(size)
        step(RATE, number)
    return w, start


def by_torch(torch: Any, name: str, parameter: Any) -> Any:
    optim = torch.optim
    return {
        "sgd": lambda: optim.SGD([parameter], RATE),
        "momentum": lambda: optim.SGD([parameter], RATE, momentum=0.9),
        "nesterov": lambda: optim.SGD([parameter], RATE, momentum=0.9, nesterov=True),
        "adagrad": lambda: optim.Adagrad([parameter], RATE, eps=1e-10),
        "adadelta": lambda: optim.Adadelta([parameter], RATE, rho=0.95, eps=1e-6),
        "rmsprop": lambda: optim.RMSprop([parameter], RATE, alpha=0.9, eps=1e-8),
        "adam": lambda: optim.Adam([parameter], RATE),
    }[name]()


@pytest.mark.parametrize("name", OPTIMISERS)
def test_steps_are_those_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    rng = np.random.default_rng(4)
    parameter = torch.nn.Parameter(torch.tensor(rng.standard_normal(SIZE)))
    optimiser = by_torch(torch, name, parameter)
    for _ in range(STEPS):
        parameter.grad = torch.tensor(rng.standard_normal(SIZE))
        optimiser.step()

    found, _ = walk(name)

    np.testing.assert_allclose(found, parameter.detach().numpy(), rtol=1e-10)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_pieces_give_what_the_whole_would(name: str) -> None:
    size = 2 * PIECE + 3

    found, _ = walk(name, size, 2)

    rng = np.random.default_rng(4)
    w, slots = rng.standard_normal(size), np.zeros((OPTIMISERS[name].slots, size))
    for number in (1, 2):
        g, work = rng.standard_normal(size), np.empty(size)
        OPTIMISERS[name].update(np, w, g, list(slots), work, RATE, number)
    np.testing.assert_array_equal(found, w)


def test_first_steps_are_those_of_the_textbook() -> None:
    g = np.array([3.0, -0.5])
    expected = {
        "sgd": RATE * g,
        "momentum": RATE * g,
        "nesterov": RATE * (g + 0.9 * g),
        "adagrad": RATE * np.sign(g),
        "adadelta": RATE * g * np.sqrt(1e-6 / (0.05 * g * g + 1e-6)),
        "rmsprop": RATE * np.sign(g) / np.sqrt(0.1),
        "adam": RATE * np.sign(g),
    }

    for name, step in expected.items():
        w, gradient = np.zeros(2), g.copy()
        Stepper(OPTIMISERS[name], np, w, gradient)(RATE, 1)
        np.testing.assert_allclose(-w, step, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_goes_down_a_valley(name: str) -> None:
    w, g = np.array([3.0, -2.0]), np.empty(2)
    optimiser = OPTIMISERS[name]
    step = Stepper(optimiser, np, w, g)

    for number in range(1, 3001):
        g[...] = w * (1.0, 4.0)
        step(optimiser.rate, number)

    assert np.abs(w).max() < 2.5


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), st.sampled_from(sorted(SCHEDULES)))
def test_schedules_stay_between_0_and_1(done: float, name: str) -> None:
    assert 0.0 <= SCHEDULES[name](done) <= 1.0


def test_schedules_end_low_and_constant_does_not() -> None:
    ends = {name: schedule(1.0) for name, schedule in SCHEDULES.items()}
    assert ends.pop("constant") == 1.0
    assert max(ends.values()) <= 0.01
