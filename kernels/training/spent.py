"""Spent: the seconds of an epoch by what they went into."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Spent:
    """Adds up the seconds of named parts.

    >>> spent = Spent("compute", "inverse")
    >>> with spent("compute"):
    ...     pass
    >>> sorted(spent.take()), spent.take()["compute_s"]
    (['compute_s', 'inverse_s'], 0.0)
    """

    def __init__(self, *parts: str) -> None:
        self._seconds = {f"{part}_s": 0.0 for part in parts}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Count what happens inside as `part`."""
        began = time.perf_counter()
        yield
        self._seconds[f"{part}_s"] += time.perf_counter() - began

    def take(self) -> dict[str, float]:
        """Return the seconds of every part since last."""
        taken, self._seconds = self._seconds, dict.fromkeys(self._seconds, 0.0)
        return taken
