"""The settings of K-FAC."""

from dataclasses import dataclass

from tenbin.errors import UsageError, unknown
from tenbin.kernels.training.curvature.exchange import EXCHANGES
from tenbin.kernels.training.optimisers import OPTIMISERS
from tenbin.kernels.training.smoothing.settings import Smoothing

FISHERS = ("empirical", "true")


@dataclass(frozen=True)
class Settings(Smoothing):
    """What a study can ask, besides smoothing; `rate` is the problem's own.

    Factors are measured every `t_stats` steps, with weight `fresh` in their average,
    and inverted every `t_inv` steps under `damping`. `fisher` says whether their labels
    are those of the data or drawn from the model. `optimiser` steps by the direction,
    which `clip` shortens to rate^2 d^T F d <= clip; 0 never does. `form` is how the
    ranks share the factors: `sharded` sums them by a reduce-scatter of MPI's own, and
    the problem's `allreduce` sums gradients alone; `replicated` sums both by it.
    """

    damping: float = 0.03
    fresh: float = 0.05
    t_stats: int = 10
    t_inv: int = 20
    fisher: str = "empirical"
    optimiser: str = "momentum"
    clip: float = 1e-3
    form: str = "sharded"

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("t_stats", "t_inv"):
            if getattr(self, key) < 1:
                raise UsageError(f"kfac: {key} = {getattr(self, key)}; at least 1")
        if not self.damping > 0.0:
            raise UsageError(f"kfac: damping = {self.damping} is not positive")
        if not 0.0 < self.fresh <= 1.0:
            raise UsageError(f"kfac: fresh = {self.fresh}; above 0, at most 1")
        if not self.clip >= 0.0:
            raise UsageError(f"kfac: clip = {self.clip} is negative")
        for key, choices in (
            ("fisher", FISHERS),
            ("optimiser", OPTIMISERS),
            ("form", EXCHANGES),
        ):
            if getattr(self, key) not in choices:
                raise unknown(key, getattr(self, key), choices)
