"""The settings of smoothing; a method's own settings can extend them."""

from dataclasses import dataclass

from tenbin.errors import UsageError, unknown
from tenbin.kernels.training.smoothing.smoothout import NOISES


@dataclass(frozen=True)
class Smoothing:
    """`smoothout` is the strength of the noise, of a kind in NOISES; 0 is none.

    `mixup` is a of the Beta(a, a) that weights of mixed pairs come from; 0 is none.
    `line` is the number of points in the record between the first weights and the last.
    """

    smoothout: float = 0.0
    noise: str = "plain"
    mixup: float = 0.0
    line: int = 0

    def __post_init__(self) -> None:
        if self.noise not in NOISES:
            raise unknown("noise", self.noise, NOISES)
        if self.line < 0 or self.line == 1:
            raise UsageError(f"settings: line = {self.line}: 0, or 2 points and more")
        for key in ("smoothout", "mixup"):
            if not 0.0 <= getattr(self, key) < float("inf"):
                raise UsageError(f"settings: {key} = {getattr(self, key)} is negative")


PLAIN = Smoothing()
