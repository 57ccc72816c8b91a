"""Progress with the time that is left, on a terminal; silence elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from tenbin.case import Case
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.progress import progress_bar

SHORTEST_S = 0.2  # between two drawings, so that they cost the epoch nothing


@contextmanager
def show(case: Case, rank: int) -> Iterator[Callable[[int, int, int], None]]:
    """Yield `report(epoch, step, steps)`; rank 0 draws."""
    if rank != 0:
        yield lambda epoch, step, steps: None
        return
    epochs = cast(TrainingProblem, case.whole).epochs
    with progress_bar(case.variant) as advance:
        yield Reporter(epochs, advance)


class Reporter:
    """Turns steps within epochs into one count; draws a few times a second."""

    def __init__(self, epochs: int, advance: Callable[[int, int, str], None]) -> None:
        self.epochs, self.advance = epochs, advance
        self._due = 0.0

    def __call__(self, epoch: int, step: int, steps: int) -> None:
        """Draw step `step` of `steps` of an epoch, unless it just did."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + SHORTEST_S
        self.advance((epoch - 1) * steps + step, self.epochs * steps, f"epoch {epoch}")
