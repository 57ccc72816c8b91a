"""Backpropagation with each optimiser: a variant of the kernel for every one."""

from functools import partial

from tenbin.errors import UsageError
from tenbin.kernels.allreduce.names import canonical
from tenbin.kernels.training import nets, settings
from tenbin.kernels.training.backprop.trainer import Backprop
from tenbin.kernels.training.optimisers import OPTIMISERS, Optimiser
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.smoothing.settings import Smoothing
from tenbin.kernels.training.trainer import Setup, Variant


def misfit(problem: TrainingProblem, dtype: str) -> str:
    """Raise UsageError for a net or an allreduce that there is not."""
    if canonical(problem.allreduce).startswith("shm:"):
        raise UsageError("training keeps gradients of its own: use shm-copy, not shm")
    nets.layers(problem, 2)
    return ""


def misfit_smoothed(problem: TrainingProblem, dtype: str) -> str:
    """Raise UsageError for settings that are not of smoothing, too."""
    settings.read(problem.settings, Smoothing())
    return misfit(problem, dtype)


def make(setup: Setup, optimiser: Optimiser) -> Backprop:
    """Return the trainer of a case; collective."""
    smoothing = settings.read(setup.problem.settings, Smoothing())
    return Backprop(setup, optimiser, smoothing)


def variant(name: str) -> Variant:
    """Return the variant that steps by one of OPTIMISERS."""
    make_one = partial(make, optimiser=OPTIMISERS[name])
    return Variant(make_one, Smoothing(), misfit_smoothed)


SGD = variant("sgd")
MOMENTUM = variant("momentum")
NESTEROV = variant("nesterov")
ADAGRAD = variant("adagrad")
ADADELTA = variant("adadelta")
RMSPROP = variant("rmsprop")
ADAM = variant("adam")
