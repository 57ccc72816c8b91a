"""The laws and the model of every ladder, from its points."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from tenbin.errors import UsageError
from tenbin.results import laws, model
from tenbin.results.scaling import LADDER


@dataclass(frozen=True, eq=False)
class Fitted:
    """One ladder: its points, the laws that could be fitted, its model if any.

    `refused` says why there is no model.
    """

    points: pd.DataFrame
    laws: dict[str, laws.Fit]
    model: model.Model | None
    refused: str = ""

    @property
    def scaling(self) -> str:
        """Return "strong" or "weak"."""
        return str(self.points["scaling"].iloc[0])


def usable(points: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the points that may enter a fit: timed, not crowded, honest work."""
    return points["time_s"].notna() & points["efficiency"].notna()


def ladders(gains: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield the points of one series after the other, in the order of the ranks."""
    for _, points in gains.groupby(LADDER, sort=False):
        yield points.sort_values("ranks", kind="stable")


def fit(points: pd.DataFrame) -> Fitted:
    """Fit one ladder."""
    good = points[usable(points)]
    if good.empty:
        return Fitted(points, {}, None, "no model: the ladder has no usable point")
    scaling, base = str(good["scaling"].iloc[0]), float(good["base_ranks"].iloc[0])
    ranks, times = good["ranks"].tolist(), good["launch_s"].tolist()
    found = {
        name: fitted
        for name in laws.LAWS[scaling]
        if (fitted := laws.fit(scaling, name, ranks, times, base)) is not None
    }
    try:
        best, refused = model.search(ranks, good["time_s"].tolist()), ""
    except UsageError as error:
        best, refused = None, str(error)
    return Fitted(points, found, best, refused)
