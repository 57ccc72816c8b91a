"""What a study can name: K-FAC; all else is a setting of it."""

from tenbin.kernels.training import settings
from tenbin.kernels.training.backprop import variants as backprop
from tenbin.kernels.training.curvature import linear
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
    return linear.misfit(problem) or backprop.misfit(problem, dtype)


KFAC = Variant(make, Settings(), misfit)
