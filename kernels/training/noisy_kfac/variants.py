"""What a study can name: noisy K-FAC; several samples are a setting of it."""

from tenbin.kernels.training import settings
from tenbin.kernels.training.kfac import variants as kfac
from tenbin.kernels.training.noisy_kfac.settings import Settings
from tenbin.kernels.training.noisy_kfac.trainer import NoisyKfac
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.trainer import Setup, Variant


def make(setup: Setup) -> NoisyKfac:
    """Return the trainer of a case; collective."""
    return NoisyKfac(setup, settings.read(setup.problem.settings, Settings()))


def misfit(problem: TrainingProblem, dtype: str) -> str:
    """Raise UsageError for settings that are none; noise and penalties do not fit."""
    settings.read(problem.settings, Settings())
    if problem.dropout:
        return "noisy-kfac has noise of its own: no dropout"
    if problem.l1 or problem.l2:
        return "noisy-kfac has a prior: set prior_variance, not l1 or l2"
    return kfac.misfit_layers(problem, dtype)


NOISY_KFAC = Variant(make, Settings(), misfit)
