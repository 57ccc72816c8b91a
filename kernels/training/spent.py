"""Spent: the seconds of an epoch by what they went into."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

PARTS = ("compute", "curvature", "communication", "inverse")  # of an epoch's time


class Spent:
    """Adds up the seconds of named parts; a part inside another is not in both.

    >>> spent = Spent("compute", "inverse")
    >>> with spent("compute"):
    ...     pass
    >>> sorted(spent.take()), spent.take()["compute_s"]
    (['compute_s', 'inverse_s'], 0.0)

    `spent(part)` decorates functions, too.
    """

    def __init__(self, *parts: str) -> None:
        self._seconds = {f"{part}_s": 0.0 for part in parts}
        self._inside = 0.0  # seconds of parts that the one in progress holds

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Count what happens inside as `part`."""
        before, self._inside = self._inside, 0.0
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            self._seconds[f"{part}_s"] += took - self._inside
            self._inside = before + took

    def seconds(self, part: str) -> float:
        """Return the seconds of a part since they were taken last."""
        return self._seconds[f"{part}_s"]

    def take(self) -> dict[str, float]:
        """Return the seconds of every part since last."""
        taken, self._seconds = self._seconds, dict.fromkeys(self._seconds, 0.0)
        return taken
