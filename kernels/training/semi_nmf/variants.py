"""The forms of the method that a study can name."""

from dataclasses import dataclass, field

from tenbin.kernels.training.nets import NETS, hidden_sizes
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.semi_nmf.memory import Memory
from tenbin.kernels.training.semi_nmf.once import computed_once
from tenbin.kernels.training.semi_nmf.precision import PRECISIONS
from tenbin.kernels.training.semi_nmf.settings import Settings
from tenbin.kernels.training.semi_nmf.solver import BASES, Solver
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
        settings, summed = self._read(problem), sums(problem.allreduce, setup.topology)
        basis = summed.spent("inverse")(BASES[self.basis])
        many = world.size > 1
        solver = Solver(
            computed_once(basis, world, summed) if many and self.once else basis,
            PRECISIONS[self.precisions[setup.dtype]],
            (world.size, world.rank),
            summed,
            memory=Memory(problem.batch, settings.window),
        )
        return SemiNmf(setup, hidden_sizes(problem.net), settings, solver)

    def misfit(self, problem: TrainingProblem, dtype: str) -> str:
        """Return why a problem can run nowhere, or an empty string."""
        if problem.net in NETS:
            return f"semi-nmf trains dense nets such as 1000-500, not {problem.net}"
        hidden_sizes(problem.net)
        self._read(problem)
        if dtype not in self.precisions:
            return f"this form of semi-nmf is for {', '.join(self.precisions)}"
        if problem.activation != "relu":
            return f"semi-nmf trains ReLU layers, not {problem.activation}"
        return ""

    def _read(self, problem: TrainingProblem) -> Settings:
        return read(problem.settings, self.settings)


FORMS = {
    "": Form(),
    "eigen": Form(basis="eigen"),  # Gram matrices by eigenvalues, not Cholesky
    "eigen-once": Form(basis="eigen", once=True),  # by rank 0 for all
    "plain": Form(Settings(alpha=0.0, beta=0.0, bias=False, window=0.0)),
    "random": Form(Settings(pretrain=False)),
    "single": Form(precisions=ALL_FLOAT32),  # float32 in Gram matrices and factors, too
    "single-eigen": Form(basis="eigen", precisions=ALL_FLOAT32),  # where that stalls
}


def variant(name: str) -> Variant:
    """Return the variant of one of FORMS."""
    form = FORMS[name]
    return Variant(form.make, form.settings, form.misfit, on_device=False)


SEMI_NMF = variant("")
EIGEN = variant("eigen")
EIGEN_ONCE = variant("eigen-once")
PLAIN = variant("plain")
RANDOM = variant("random")
SINGLE = variant("single")
SINGLE_EIGEN = variant("single-eigen")
