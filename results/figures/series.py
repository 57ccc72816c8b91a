"""Series of points: which are drawn, how they are told apart, and how drawn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation, Transform

from tenbin.results.figures.axes import EndLabel
from tenbin.results.figures.style import DASHES, PAPER, colour, marker, short
from tenbin.results.figures.told import styled_value, tell

MOST_SERIES = 6
DODGE_PT, WIDEST_PT = 2.4, 8.0  # between neighbours; between the first and the last
RULE = "the most complete, then the largest work"


def mark_shown(
    points: pd.DataFrame, by: Sequence[str], most: int = MOST_SERIES
) -> pd.DataFrame:
    """Add `series`, the shortest distinct name, and `shown`: drawn or only in the CSV.

    At most `most` are drawn: those with the most measured points, then the
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
    return points.assign(shown=points["series"].isin(found.index[:most]))


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
    shift_pt: float = 0.0  # to the right, so that bars at one x do not overlap

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
    """Return the drawn series; those of one variant share the colour alone.

    No two look alike: where the colours start again, a series takes the next marker.
    """
    result, looks = list[Series](), set[tuple[str, str]]()
    groups = list(points[points["shown"]].groupby("series", sort=False))
    for (name, points), shift_pt in zip(groups, dodged(len(groups)), strict=True):
        slot = int(points["slot"].iloc[0])
        for turn in range(len(groups)):
            one = Series(str(name), points, slot, turn, shift_pt)
            if (one.colour, one.marker) not in looks:
                break
        looks.add((one.colour, one.marker))
        result.append(one)
    return result


def dodged(count: int) -> list[float]:
    """Return how far each of `count` series moves to the right, in points.

    >>> dodged(1), dodged(3)
    ([0.0], [-2.4, 0.0, 2.4])
    """
    step = min(DODGE_PT, WIDEST_PT / max(count - 1, 1))
    return [(i - (count - 1) / 2) * step for i in range(count)]


def moved(axes: Axes, shift_pt: float) -> Transform:
    """Return the transform of data that is drawn some points to the right."""
    scale = axes.get_figure(root=True).dpi_scale_trans  # type: ignore[union-attr]
    return axes.transData + ScaledTranslation(shift_pt / 72.0, 0.0, scale)


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

    Oversubscribed and imported points are hollow. All of it is moved by `shift_pt`.
    """
    points = series.points.sort_values(x)
    xs = points[x].to_numpy(dtype=float)
    ys = points[y].to_numpy(dtype=float) * scale
    place: dict[str, Any] = {"transform": moved(axes, series.shift_pt)}
    look: dict[str, Any] = {"color": series.colour, **place}
    axes.plot(xs, ys, linestyle=series.dash, alpha=0.9, zorder=3, **look)
    spread = _spread(points, x, dots, scale) if dots else []
    if spread:
        small: dict[str, Any] = {"markersize": 3.2, "markeredgewidth": 0, "alpha": 0.45}
        axes.plot(*zip(*spread, strict=True), ".", zorder=3, **small, **look)
    low, high = (points[name].to_numpy(dtype=float) * scale for name in interval)
    known = ~np.isnan(low)
    axes.vlines(xs[known], low[known], high[known], linewidth=1.0, zorder=4, **look)
    hollow = (points["oversubscribed"] | (points["imported"] != "")).to_numpy(bool)
    for these, face in ((~hollow, series.colour), (hollow, PAPER)):
        filled: dict[str, Any] = {"markerfacecolor": face, "markeredgewidth": 0.9}
        axes.plot(xs[these], ys[these], series.marker, zorder=5, **filled, **look)
    told = [value_text(series.name, row, x, y, interval) for row in rows(points)]
    tell(axes, xs, ys, told, **place)


def _spread(
    points: pd.DataFrame, x: str, dots: str, scale: float
) -> list[tuple[float, float]]:
    pairs = zip(points[x].to_numpy(dtype=float), points[dots], strict=True)
    return [
        (a, b * scale) for a, many in pairs if isinstance(many, tuple) for b in many
    ]


def value_text(
    name: str, row: Any, x: str, y: str, interval: tuple[str, str] | None = None
) -> str:
    """Return what a point says: series, x, y with its interval, launches."""
    low, high = (getattr(row, end) for end in interval or (y, y))
    bounds = ""
    if interval and low == low:
        bounds = f" ({styled_value(y, low)} to {styled_value(y, high)})"
    count = int(row.launches)
    launches = f"{count} {'launch' if count == 1 else 'launches'}"
    here, value = (styled_value(n, float(getattr(row, n))) for n in (x, y))
    said = [short(name), here, f"{value}{bounds}", launches]
    return " · ".join([*said, *(["more ranks than cores"] * bool(row.oversubscribed))])


def draw_failed(axes: Axes, series: Sequence[Series], x: str) -> None:
    """Mark failed points by crosses on the x axis, side by side per series."""
    for number, one in enumerate(series):
        failed = one.points[one.points["time_s"].isna()]
        heights = [0.06 * number] * len(failed)
        place: dict[str, Any] = {"transform": axes.get_xaxis_transform()}
        told = [_failed_text(one.name, row, x) for row in rows(failed)]
        tell(axes, failed[x], heights, told, **place)
        axes.plot(
            failed[x],
            heights,
            "x",
            **place,
            color=one.colour,
            markersize=5,
            markeredgewidth=1.4,
            zorder=6,
            clip_on=False,
        )


def _failed_text(name: str, row: Any, x: str) -> str:
    here = styled_value(x, float(getattr(row, x)))
    return f"{short(name)} · {here} · {row.status}: {short(row.reason, 60)}"


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
