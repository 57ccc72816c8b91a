"""What a study can name: VOGN, and the plain Monte Carlo that it is compared with."""

from tenbin.kernels.allreduce.names import LIBRARY, canonical
from tenbin.kernels.training import settings
from tenbin.kernels.training.backprop import variants as backprop
from tenbin.kernels.training.curvature import linear
from tenbin.kernels.training.optimisers import OPTIMISERS
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.trainer import Setup, Variant
from tenbin.kernels.training.vogn.monte_carlo import MonteCarlo, Sampling
from tenbin.kernels.training.vogn.settings import Settings
from tenbin.kernels.training.vogn.trainer import Vogn


def make_vogn(setup: Setup) -> Vogn:
    """Return the trainer of a case; collective."""
    return Vogn(setup, settings.read(setup.problem.settings, Settings()))


def misfit_vogn(problem: TrainingProblem, dtype: str) -> str:
    """Raise UsageError for settings that are none; dropout and norms do not fit."""
    asked = settings.read(problem.settings, Settings())
    if asked.form == "sharded" and canonical(problem.allreduce) != LIBRARY:
        return "form=sharded sums by reduce-scatter: there is no allreduce to choose"
    if problem.dropout or problem.normalise:
        return "vogn has noise of its own: no dropout, no batch normalisation"
    if problem.l1 or problem.l2:
        return "vogn has a prior: set prior_variance, not l1 or l2"
    return linear.misfit(problem) or backprop.misfit(problem, dtype)


def make_monte_carlo(setup: Setup) -> MonteCarlo:
    """Return the trainer of a case; collective."""
    sampling = settings.read(setup.problem.settings, Sampling())
    return MonteCarlo(setup, OPTIMISERS["adam"], sampling)


def misfit_monte_carlo(problem: TrainingProblem, dtype: str) -> str:
    """Raise UsageError for settings that are none; it needs dropout or noise."""
    sampling = settings.read(problem.settings, Sampling())
    if not problem.dropout and not sampling.noise:
        return "mc samples dropout or noise: set dropout, or settings noise=0.05"
    return backprop.misfit(problem, dtype)


VOGN = Variant(make_vogn, Settings(), misfit_vogn)
MONTE_CARLO = Variant(make_monte_carlo, Sampling(), misfit_monte_carlo)
