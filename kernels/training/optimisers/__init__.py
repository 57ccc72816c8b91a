"""Optimisers with their textbook constants: one rule, one file; this is the table."""

from tenbin.kernels.training.optimisers.adadelta import adadelta
from tenbin.kernels.training.optimisers.adagrad import adagrad
from tenbin.kernels.training.optimisers.adam import adam
from tenbin.kernels.training.optimisers.momentum import momentum
from tenbin.kernels.training.optimisers.nesterov import nesterov
from tenbin.kernels.training.optimisers.optimiser import Optimiser, Stepper
from tenbin.kernels.training.optimisers.rmsprop import rmsprop
from tenbin.kernels.training.optimisers.sgd import sgd

__all__ = ["OPTIMISERS", "Optimiser", "Stepper"]

OPTIMISERS: dict[str, Optimiser] = {
    "sgd": Optimiser(sgd, slots=0, rate=0.1),
    "momentum": Optimiser(momentum, slots=1, rate=0.05),
    "nesterov": Optimiser(nesterov, slots=1, rate=0.05),
    "adagrad": Optimiser(adagrad, slots=1, rate=0.01),
    "adadelta": Optimiser(adadelta, slots=2, rate=1.0),
    "rmsprop": Optimiser(rmsprop, slots=1, rate=0.001),
    "adam": Optimiser(adam, slots=2, rate=0.001),
}
