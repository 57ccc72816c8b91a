"""The settings of writer identification."""

from dataclasses import dataclass

from tenbin.errors import UsageError

EACH = 20  # images of a writer


@dataclass(frozen=True)
class Settings:
    """What a study can ask.

    Of `writers`, `pairs` are drawn to train on: `balanced`, as many by one hand as by
    two, or as they come, where one in `writers` is. Every cell of the writers' matrix
    is tested with `cell_pairs`. Each image becomes `features`; `margin` is how far
    apart the contrastive loss wants those of two hands.
    """

    writers: int = 10
    pairs: int = 20_000
    cell_pairs: int = 50
    balanced: bool = True
    features: int = 32
    margin: float = 2.0

    def __post_init__(self) -> None:
        if self.writers < 2:
            raise UsageError(f"siamese: writers = {self.writers}; at least 2")
        for key in ("pairs", "cell_pairs", "features"):
            if getattr(self, key) < 1:
                raise UsageError(f"siamese: {key} = {getattr(self, key)}; at least 1")
        if not self.margin > 0.0:
            raise UsageError(f"siamese: margin = {self.margin} is not positive")

    def few(self, train: int, test: int) -> str:
        """Return whether a drawn set has too few images a writer, or an empty string.

        Each is by a random writer: with a mean of EACH all of them write 2 and more.
        """
        wanted = EACH * self.writers
        if min(train, test) >= wanted:
            return ""
        return f"siamese: {self.writers} writers need {wanted} test images, not {test}"
