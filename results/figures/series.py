"""Series of points: which are drawn, how they are told apart, and how drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from tenbin.results.figures.axes import EndLabel
from tenbin.results.figures.style import DASHES, PAPER, colour, marker, short

MOST_SERIES = 6
RULE = "the most complete, then the largest work"


def mark_shown(points: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Add `series`, the shortest distinct name, and `shown`: drawn or only in the CSV.

    At most MOST_SERIES are drawn: those with the most measured points, then the
    largest work, then by name.
    """
    points = points.assign(series=_names(points, by))
    work = points["flops"].fillna(points["message_bytes"]).fillna(0.0)
    groups = points.assign(work=work, measured=points["time_s"].notna())
    found = groups.groupby("series").agg(
        measured=("measured", "sum"), work=("work", "max"), slot=("slot", "first")
    )
    order = [False, False, True]
    found = found.sort_values(["measured", "work", "slot"], ascending=order)
    return points.assign(shown=points["series"].isin(found.index[:MOST_SERIES]))


def _names(points: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Name each series by what differs within the figure, or by its variant."""
    telling = [n for n in by if points[n].nunique() > 1] or ["variant"]
    names = points[telling].astype(str).agg(" ".join, axis=1) if len(points) else ""
    return pd.Series(names, points.index, dtype="object").str.strip()


@dataclass(frozen=True)
class Series:
    """The points of one series, in the order of x, and its looks."""

    name: str
    points: pd.DataFrame
    slot: int
    turn: int  # among the series of the same variant

    @property
    def label(self) -> str:
        """Return the name at the end of the line; it says where there is no line."""
        timed = self.points["time_s"].notna().any()
        return self.name if timed else f"{short(self.name, 22)}: no time"

    @property
    def colour(self) -> str:
        """Return the colour of the variant."""
        return colour(self.slot)

    @property
    def marker(self) -> str:
        """Return the marker: the variant's own for its first series."""
        return marker(self.slot + self.turn)

    @property
    def dash(self) -> Any:
        """Return the pattern of the line: solid for the first series of a variant."""
        return DASHES[self.turn % len(DASHES)]


def rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows as named tuples."""
    yield from frame.itertuples(index=False)


def shown_series(points: pd.DataFrame) -> list[Series]:
    """Return the drawn series; those of one variant share the colour alone."""
    result, seen = [], dict[int, int]()
    drawn = points[points["shown"]]
    for name, points in drawn.groupby("series", sort=False):
        slot = int(points["slot"].iloc[0])
        turn = seen.get(slot, 0)
        seen[slot] = turn + 1
        result.append(Series(str(name), points, slot, turn))
    return result


def draw_line(
    axes: Axes,
    series: Series,
    x: str,
    y: str,
    *,
    interval: tuple[str, str] = ("low_s", "high_s"),
    dots: str = "",
    scale: float = 1.0,
) -> None:
    """Draw one series: line broken at failures, intervals, launch dots, markers.

    Oversubscribed and imported points are hollow.
    """
    points = series.points.sort_values(x)
    xs = points[x].to_numpy(dtype=float)
    ys = points[y].to_numpy(dtype=float) * scale
    look: dict[str, Any] = {"color": series.colour, "zorder": 3}
    axes.plot(xs, ys, linestyle=series.dash, alpha=0.9, **look)
    if dots:
        spread = [
            (a, b * scale)
            for a, many in zip(xs, points[dots], strict=True)
            if isinstance(many, tuple)
            for b in many
        ]
        if spread:
            axes.plot(
                *zip(*spread, strict=True),
                ".",
                alpha=0.45,
                markersize=3.2,
                markeredgewidth=0,
                **look,
            )
    low, high = (points[name].to_numpy(dtype=float) * scale for name in interval)
    known = ~np.isnan(low)
    axes.vlines(
        xs[known], low[known], high[known], color=series.colour, linewidth=1.0, zorder=4
    )
    hollow = (points["oversubscribed"] | (points["imported"] != "")).to_numpy(bool)
    for these, face in ((~hollow, series.colour), (hollow, PAPER)):
        axes.plot(
            xs[these],
            ys[these],
            series.marker,
            markerfacecolor=face,
            markeredgewidth=0.9,
            **{**look, "zorder": 5},
        )


def draw_failed(axes: Axes, series: Sequence[Series], x: str) -> None:
    """Mark failed points by crosses on the x axis, side by side per series."""
    for number, one in enumerate(series):
        failed = one.points[one.points["time_s"].isna()]
        axes.plot(
            failed[x],
            [0.06 * number] * len(failed),
            "x",
            transform=axes.get_xaxis_transform(),
            color=one.colour,
            markersize=5,
            markeredgewidth=1.4,
            zorder=6,
            clip_on=False,
        )


def ends(
    series: Sequence[Series], x: str, y: str, scale: float = 1.0
) -> list[EndLabel]:
    """Return the labels at the last point of each series, failed or not."""
    labels = []
    for one in series:
        known = one.points[one.points[y].notna()].sort_values(x)
        last = (known if len(known) else one.points.sort_values(x)).iloc[-1]
        place = (float(last[x]), float(last[y]) * scale)
        labels.append(EndLabel(*place, one.label, one.colour))
    return labels
