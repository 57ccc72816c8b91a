"""Training: whole loops, data parallel over the ranks; one repetition is one epoch.

data/       data sets, and which samples come when
trainer     the contract of a method       course      epochs, tests, history
checkpoint  stop and go on                 task        from a case to all of this

fixed, strong   the same global batch, shared by more ranks
weak            batch and samples grow with the ranks
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from tenbin.case import SCALINGS, Case
from tenbin.device import missing as no_device
from tenbin.errors import UsageError
from tenbin.kernel import Kernel, Options, Task
from tenbin.kernels.training import names
from tenbin.kernels.training.data import UNPACKED
from tenbin.kernels.training.presets import PRESETS
from tenbin.kernels.training.problem import TrainingAxes, TrainingProblem, expand

if TYPE_CHECKING:
    from tenbin.kernels.training.trainer import Variant
    from tenbin.topology import Topology

DTYPES = ("float32", "float64")

# method -> module:name of its Variant, imported when it is needed
_NMF = "tenbin.kernels.training.semi_nmf.variants"
_BP = "tenbin.kernels.training.backprop.variants"
_KFAC = "tenbin.kernels.training.kfac.variants"
_NOISY = "tenbin.kernels.training.noisy_kfac.variants"
_SIAMESE = "tenbin.kernels.training.siamese.variants"
_VOGN = "tenbin.kernels.training.vogn.variants"
VARIANTS: dict[str, str] = {
    "sgd": f"{_BP}:SGD",
    "momentum": f"{_BP}:MOMENTUM",
    "nesterov": f"{_BP}:NESTEROV",
    "adagrad": f"{_BP}:ADAGRAD",
    "adadelta": f"{_BP}:ADADELTA",
    "rmsprop": f"{_BP}:RMSPROP",
    "adam": f"{_BP}:ADAM",
    "kfac": f"{_KFAC}:KFAC",
    "noisy-kfac": f"{_NOISY}:NOISY_KFAC",
    "vogn": f"{_VOGN}:VOGN",
    "mc": f"{_VOGN}:MONTE_CARLO",
    "siamese": f"{_SIAMESE}:SIAMESE",
    "siamese-contrastive": f"{_SIAMESE}:CONTRASTIVE",
    "semi-nmf": f"{_NMF}:SEMI_NMF",
    "semi-nmf-eigen": f"{_NMF}:EIGEN",
    "semi-nmf-eigen-once": f"{_NMF}:EIGEN_ONCE",
    "semi-nmf-plain": f"{_NMF}:PLAIN",
    "semi-nmf-random": f"{_NMF}:RANDOM",
    "semi-nmf-single": f"{_NMF}:SINGLE",
    "semi-nmf-single-eigen": f"{_NMF}:SINGLE_EIGEN",
}


def variant(name: str) -> Variant:
    """Return the entry of a variant's name."""
    from importlib import import_module

    module, _, entry = VARIANTS[names.method(name)].partition(":")
    return cast("Variant", getattr(import_module(module), entry))


def usual_settings() -> dict[str, dict[str, Any]]:
    """Return the settings of every method that has some, with their usual values."""
    found = {name: variant(name).settings for name in VARIANTS}
    return {name: asdict(usual) for name, usual in found.items()}


def prepare(case: Case, topology: Topology, options: Options) -> Task:
    """Make the training run of a case ready. Collective."""
    from tenbin.kernels.training.task import task

    return task(case, variant(case.variant), topology, options)


def misfit(case: Case) -> str:
    """Return why a case can run nowhere, or an empty string."""
    from tenbin.kernels.training.reduction import unsummed

    problem = cast(TrainingProblem, case.problem)
    if case.scaling == "weak" and not problem.samples:
        return "weak scaling needs samples: the share of one rank"
    method, whole = variant(case.variant), cast(TrainingProblem, case.whole)
    if case.variant.startswith(names.ON_DEVICE) and not method.on_device:
        return f"{names.method(case.variant)} runs on the host only"
    if method.digits and whole.dataset in UNPACKED:
        return f"{whole.dataset} tells writers, not digits: it is for siamese"
    try:
        return (
            method.misfit(whole, case.dtype)
            or method.crowd(whole, case.ranks)
            or unsummed(case)
        )
    except UsageError as error:
        return str(error)


def decline(case: Case) -> str:
    """Return why a case cannot run here, or an empty string."""
    from tenbin.kernels.training.data import missing

    if case.variant.startswith(names.ON_DEVICE) and (reason := no_device()):
        return reason
    return misfit(case) or missing(cast(TrainingProblem, case.problem).dataset)


def resolve(name: str) -> str:
    """Return the canonical name of a variant; raise UsageError with the choices."""
    return names.canonical(name, VARIANTS)


KERNEL = Kernel(
    name="training",
    summary="training loops, data parallel, epoch by epoch",
    problem=TrainingProblem,
    axes=TrainingAxes,
    expand=expand,
    presets=PRESETS,
    variants=VARIANTS,
    dtypes=DTYPES,
    prepare=prepare,
    scalings=SCALINGS,
    decline=decline,
    misfit=misfit,
    resolve=resolve,
    course=True,
    settings=usual_settings,
)
