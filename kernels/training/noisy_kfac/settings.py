"""The settings of noisy K-FAC."""

from dataclasses import dataclass

from tenbin.errors import UsageError
from tenbin.kernels.training.kfac import settings as kfac
from tenbin.kernels.training.sampling import Samples


@dataclass(frozen=True)
class Settings(kfac.Settings, Samples):
    """Those of K-FAC, and what makes it Bayesian; `damping` is the extrinsic one.

    The prior is N(0, prior_variance), its term in the objective weighted by `kl`.
    """

    prior_variance: float = 1.0
    kl: float = 1.0

    def __post_init__(self) -> None:
        kfac.Settings.__post_init__(self)
        Samples.__post_init__(self)
        for key in ("prior_variance", "kl"):
            if not 0.0 < getattr(self, key) < float("inf"):
                raise UsageError(
                    f"noisy-kfac: {key} = {getattr(self, key)} is not positive"
                )

    def intrinsic(self, count: int) -> float:
        """Return the damping that is the prior's, for that many training samples."""
        return self.kl / (count * self.prior_variance)
