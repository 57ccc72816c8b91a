"""What a study can name: K-FAC; all else is a setting of it."""

from tenbin.kernels.training import settings
from tenbin.kernels.training.backprop import variants as backprop
from tenbin.kernels.training.kfac.settings import Settings
from tenbin.kernels.training.kfac.trainer import Kfac
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.trainer import Setup, Variant


def make(setup: Setup) -> Kfac:
    """Return the trainer of a case; collective."""
    return Kfac(setup, settings.read(setup.problem.settings, Settings()))


def misfit(problem: TrainingProblem, dtype: str) -> str:
    """Raise UsageError for settings that are none, too."""
    settings.read(problem.settings, Settings())
    return misfit_layers(problem, dtype)


def misfit_layers(problem: TrainingProblem, dtype: str) -> str:
    """Raise UsageError as backpropagation does; all layers must be linear."""
    if problem.normalise or problem.activation == "prelu":
        return "factors are known of dense and conv: no batch normalisation, no prelu"
    return backprop.misfit(problem, dtype)


KFAC = Variant(make, misfit)
