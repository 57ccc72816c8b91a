"""The settings of smoothing; a method's own settings can extend them."""

from dataclasses import dataclass

from tenbin.errors import UsageError, unknown
from tenbin.kernels.training.smoothing.smoothout import NOISES


@dataclass(frozen=True)
class Smoothing:
    """`smoothout` is the strength of the noise, of a kind in NOISES; 0 is none.

    `mixup` is a of the Beta(a, a) that weights of mixed pairs come from; 0 is none.
    """

    smoothout: float = 0.0
    noise: str = "plain"
    mixup: float = 0.0

    def __post_init__(self) -> None:
        if self.noise not in NOISES:
            raise unknown("noise", self.noise, NOISES)
        for key in ("smoothout", "mixup"):
            if not 0.0 <= getattr(self, key) < float("inf"):
                raise UsageError(f"settings: {key} = {getattr(self, key)} is negative")


PLAIN = Smoothing()
