"""The forms of the method that a study can name."""

from dataclasses import dataclass, field, replace

from tenbin.errors import UsageError
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.semi_nmf.precision import PRECISIONS
from tenbin.kernels.training.semi_nmf.settings import Settings
from tenbin.kernels.training.semi_nmf.solver import BASES, Solver, computed_once
from tenbin.kernels.training.semi_nmf.sums import sums
from tenbin.kernels.training.semi_nmf.trainer import SemiNmf
from tenbin.kernels.training.settings import read
from tenbin.kernels.training.trainer import Setup, Variant

# dtype of a case -> what is done in which precision
MIXED = {"float64": "float64", "float32": "mixed"}
ALL_FLOAT32 = {"float32": "float32"}


@dataclass(frozen=True)
class Form:
    """Settings, the basis, whether one rank computes it for all, and precisions."""

    settings: Settings = field(default_factory=Settings)
    basis: str = "cholesky"
    once: bool = False
    precisions: dict[str, str] = field(default_factory=lambda: MIXED)

    def make(self, setup: Setup) -> SemiNmf:
        """Return the trainer of a case; collective."""
        problem, world = setup.problem, setup.topology.world
        basis = BASES[self.basis]
        solver = Solver(
            computed_once(basis, world) if self.once else basis,
            PRECISIONS[self.precisions[setup.dtype]],
            (world.size, world.rank),
            sums(problem.allreduce, setup.topology),
        )
        settings = replace(self._read(problem), batch=problem.batch)
        return SemiNmf(setup, hidden(problem.net), settings, solver)

    def misfit(self, problem: TrainingProblem, dtype: str) -> str:
        """Return why a problem can run nowhere, or an empty string."""
        hidden(problem.net)
        self._read(problem)
        if dtype not in self.precisions:
            return f"this form of semi-nmf is for {', '.join(self.precisions)}"
        if problem.activation != "relu":
            return f"semi-nmf trains ReLU layers, not {problem.activation}"
        return ""

    def _read(self, problem: TrainingProblem) -> Settings:
        return read(problem.settings, self.settings)


def hidden(net: str) -> tuple[int, ...]:
    """Return the units of the hidden layers; raise UsageError for another net.

    >>> hidden("1000-500")
    (1000, 500)
    """
    sizes = net.split("-")
    if not all(size.isdecimal() and int(size) for size in sizes):
        raise UsageError(f"semi-nmf trains dense nets such as 1000-500, not {net!r}")
    return tuple(int(size) for size in sizes)


FORMS = {
    "": Form(),
    "eigen": Form(basis="eigen"),  # Gram matrices by eigenvalues, not Cholesky
    "eigen-once": Form(basis="eigen", once=True),  # by rank 0 for all
    "plain": Form(Settings(alpha=0.0, beta=0.0, bias=False)),
    "random": Form(Settings(pretrain=False)),
    "single": Form(precisions=ALL_FLOAT32),  # float32 in Gram matrices and factors, too
    "single-eigen": Form(basis="eigen", precisions=ALL_FLOAT32),  # where that stalls
}


SEMI_NMF, EIGEN, EIGEN_ONCE, PLAIN, RANDOM, SINGLE, SINGLE_EIGEN = (
    Variant(form.make, form.settings, form.misfit) for form in FORMS.values()
)
