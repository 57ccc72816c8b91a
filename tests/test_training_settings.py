"""The settings of a method: strict, with the choices in the error."""

import doctest
from dataclasses import dataclass

import pytest

from tenbin.errors import UsageError
from tenbin.kernels.training import KERNEL, settings
from tenbin.kernels.training.problem import TrainingAxes, expand


@dataclass(frozen=True)
class Own:
    damping: float = 1e-3
    t_stats: int = 1
    true_fisher: bool = False
    prior: str = "flat"


def test_what_is_not_said_stays() -> None:
    assert settings.read("", Own()) == Own()


def test_values_take_the_type_of_their_default() -> None:
    found = settings.read("t_stats = 10, true_fisher=true,damping=2", Own())
    assert found == Own(damping=2.0, t_stats=10, true_fisher=True)
    assert isinstance(found.damping, float)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dampng=1", "no setting dampng; choose from damping, t_stats"),
        ("t_stats=1.5", "settings: t_stats = 1.5: not int"),
        ("true_fisher=1", "settings: true_fisher = 1: not bool"),
        ("damping=inf", "settings: damping = inf: not finite"),
        ("damping=nan", "settings: damping = nan: not finite"),
        ("damping", "settings: damping = nothing: not float"),
    ],
)
def test_bad_settings_are_one_line(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings.read(text, Own())
    assert message in str(caught.value)


def test_groups_are_a_setting_that_can_be_swept() -> None:
    axes = TrainingAxes(dataset="glyphs", settings=["", "samples=4"], mc_groups=[0, 2])
    found = [problem.settings for problem in expand(axes)]
    assert found == ["", "mc_groups=2", "samples=4", "samples=4, mc_groups=2"]


def test_every_method_tells_its_settings() -> None:
    assert KERNEL.settings().keys() == KERNEL.variants.keys()
    assert KERNEL.settings()["vogn"]["mc_groups"] == 1
    assert {"noise", "line"} <= KERNEL.settings()["sgd"].keys()


def test_examples_run() -> None:
    assert doctest.testmod(settings).failed == 0
