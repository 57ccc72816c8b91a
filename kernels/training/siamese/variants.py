"""The two forms that a study can name."""

from dataclasses import dataclass

from mpi4py import MPI

from tenbin.kernels.training import settings
from tenbin.kernels.training.backprop import variants as backprop
from tenbin.kernels.training.data import DRAWN, Dataset
from tenbin.kernels.training.data.glyphs import sizes
from tenbin.kernels.training.data.together import load_together
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.siamese.pairs import pairs
from tenbin.kernels.training.siamese.settings import Settings
from tenbin.kernels.training.siamese.trainer import Contrasting, Siamese
from tenbin.kernels.training.trainer import Setup, Variant


@dataclass(frozen=True)
class Form:
    """One kind of trainer."""

    kind: type[Siamese]

    def make(self, setup: Setup) -> Siamese:
        """Return the trainer of a case; collective."""
        return self.kind(setup, settings.read(setup.problem.settings, Settings()))

    def misfit(self, problem: TrainingProblem, dtype: str) -> str:
        """Raise UsageError for what there is not; pairs have one size of batch norm."""
        asked = settings.read(problem.settings, Settings())
        if problem.dataset in DRAWN and (reason := asked.few(*sizes(problem.samples))):
            return reason
        if problem.normalise or problem.dropout:
            return "siamese nets share a trunk: no dropout, no batch normalisation"
        return backprop.misfit(problem, dtype)


def pair_up(comm: MPI.Comm, problem: TrainingProblem, data_dir: str) -> Dataset:
    """Return the pairs of the problem's data set; collective."""
    asked = settings.read(problem.settings, Settings())
    which = data_dir, problem.samples, problem.seed, asked.writers
    data = load_together(comm, problem.dataset, *which)
    return pairs(data, asked, problem.seed)


SIAMESE, CONTRASTIVE = (
    Variant(form.make, Settings(), form.misfit, data=pair_up)
    for form in (Form(Siamese), Form(Contrasting))
)
