"""The settings of VOGN."""

from dataclasses import dataclass

from tenbin.errors import UsageError, unknown
from tenbin.kernels.training.sampling import Samples
from tenbin.kernels.training.vogn.exchange import FORMS


@dataclass(frozen=True)
class Settings(Samples):
    """What a study can ask; `rate` is the problem's own.

    The prior is N(0, prior_variance), of which the term in the objective is weighted by
    `tempering`, reached linearly from `kl_start` of it in `kl_steps`. `damping` widens
    the denominator, `precision` is the initial curvature, `momentum` and `decay` the
    weights of the old in both averages. `form` is how the ranks share the moves.
    """

    prior_variance: float = 1.0
    tempering: float = 1.0
    kl_start: float = 1.0
    kl_steps: int = 0
    damping: float = 0.0
    precision: float = 8e-3
    momentum: float = 0.9
    decay: float = 0.999
    form: str = "replicated"

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("prior_variance", "tempering", "precision"):
            if not getattr(self, key) > 0.0:
                raise UsageError(f"vogn: {key} = {getattr(self, key)} is not positive")
        for key in ("damping", "kl_start", "kl_steps"):
            if getattr(self, key) < 0:
                raise UsageError(f"vogn: {key} = {getattr(self, key)} is negative")
        for key in ("momentum", "decay"):
            if not 0.0 <= getattr(self, key) < 1.0:
                raise UsageError(f"vogn: {key} = {getattr(self, key)}; 0 to below 1")
        if self.form not in FORMS:
            raise unknown("form", self.form, FORMS)

    def weight(self, step: int) -> float:
        """Return the weight tau of the prior in a step, counted from 0."""
        if step >= self.kl_steps:
            return self.tempering
        rise = self.kl_start + (1.0 - self.kl_start) * step / self.kl_steps
        return self.tempering * rise
