"""What is looked at by the rules: points, caption, picture, and facts of the runs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd
from matplotlib.figure import Figure

from tenbin.record import RunInfo
from tenbin.results import facts

Facts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Subject:
    """A table, or a figure with its caption, and the facts of each run in it."""

    points: pd.DataFrame
    caption: str | None = None
    figure: Figure | None = None
    runs: Facts = field(default_factory=dict)

    def has(self, *columns: str) -> bool:
        """Return whether the points have all of these columns."""
        return set(columns) <= set(self.points)

    @property
    def measured(self) -> pd.DataFrame:
        """Return the points with a time of our own."""
        own = self.points["time_s"].notna()
        return self.points[own & (self.points["imported"] == "")]


def run_facts(infos: Iterable[RunInfo]) -> Facts:
    """Return software, machine and settings of each run, by its id."""
    found: dict[str, dict[str, str]] = {}
    for info in infos:
        told = {**facts.hardware(info), **facts.software(info)}
        lines = {name: " ".join(value.split()) for name, value in told.items()}
        found[info.run_id] = lines
    return found
