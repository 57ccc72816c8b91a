"""The settings of noisy K-FAC."""

from dataclasses import dataclass

from tenbin.errors import UsageError
from tenbin.kernels.training.kfac import settings as kfac


@dataclass(frozen=True)
class Settings(kfac.Settings):
    """Those of K-FAC, and what makes it Bayesian; `damping` is the extrinsic one.

    `samples` of the weights are drawn per step, over all ranks, which form `mc_groups`:
    ranks of a group share its samples and split the batch. `test_samples` are averaged
    for predictions; 0 predicts with the mean. The prior is N(0, prior_variance), its
    term in the objective weighted by `kl`.
    """

    samples: int = 1
    mc_groups: int = 1
    test_samples: int = 10
    prior_variance: float = 1.0
    kl: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, least in (("samples", 1), ("mc_groups", 1), ("test_samples", 0)):
            if getattr(self, key) < least:
                value = getattr(self, key)
                raise UsageError(f"noisy-kfac: {key} = {value}; at least {least}")
        for key in ("prior_variance", "kl"):
            if not 0.0 < getattr(self, key) < float("inf"):
                raise UsageError(
                    f"noisy-kfac: {key} = {getattr(self, key)} is not positive"
                )
        if self.samples % self.mc_groups:
            raise UsageError(
                f"noisy-kfac: samples = {self.samples} is not a multiple of "
                f"mc_groups = {self.mc_groups}"
            )

    def intrinsic(self, count: int) -> float:
        """Return the damping that is the prior's, for that many training samples."""
        return self.kl / (count * self.prior_variance)
