"""The settings of VOGN."""

from dataclasses import dataclass

from tenbin.errors import UsageError


@dataclass(frozen=True)
class Settings:
    """What a study can ask; `rate` is the problem's own.

    `samples` of the weights are drawn per step, over all ranks, which form `mc_groups`:
    ranks of a group share its samples and split the batch. `test_samples` are averaged
    for predictions; 0 predicts with the mean. The prior is N(0, prior_variance), of
    which the term in the objective is weighted by `tempering`, reached linearly from
    `kl_start` of it in `kl_steps`. `damping` widens the denominator, `precision` is the
    initial curvature, `momentum` and `decay` the weights of the old in both averages.
    """

    samples: int = 1
    mc_groups: int = 1
    test_samples: int = 10
    prior_variance: float = 1.0
    tempering: float = 1.0
    kl_start: float = 1.0
    kl_steps: int = 0
    damping: float = 0.0
    precision: float = 8e-3
    momentum: float = 0.9
    decay: float = 0.999

    def __post_init__(self) -> None:
        for key in ("samples", "mc_groups"):
            if getattr(self, key) < 1:
                raise UsageError(f"vogn: {key} = {getattr(self, key)}; at least 1")
        for key in ("prior_variance", "tempering", "precision"):
            if not getattr(self, key) > 0.0:
                raise UsageError(f"vogn: {key} = {getattr(self, key)} is not positive")
        for key in ("damping", "kl_start", "kl_steps", "test_samples"):
            if getattr(self, key) < 0:
                raise UsageError(f"vogn: {key} = {getattr(self, key)} is negative")
        for key in ("momentum", "decay"):
            if not 0.0 <= getattr(self, key) < 1.0:
                raise UsageError(f"vogn: {key} = {getattr(self, key)}; 0 to below 1")
        if self.samples % self.mc_groups:
            raise UsageError(
                f"vogn: samples = {self.samples} is not a multiple of "
                f"mc_groups = {self.mc_groups}"
            )

    def weight(self, step: int) -> float:
        """Return the weight tau of the prior in a step, counted from 0."""
        if step >= self.kl_steps:
            return self.tempering
        rise = self.kl_start + (1.0 - self.kl_start) * step / self.kl_steps
        return self.tempering * rise
