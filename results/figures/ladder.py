"""Panels over rank counts, shared by strong and weak scaling."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tenbin.results.figures import captions
from tenbin.results.figures.axes import (
    end_labels,
    grid,
    log2_x,
    log_y,
    plain_label,
    time_label,
)
from tenbin.results.figures.layout import header, panels, room_in
from tenbin.results.figures.series import (
    Series,
    draw_failed,
    draw_line,
    ends,
    moved,
    shown_series,
)
from tenbin.results.figures.style import FAINT

BY = ("machine", "kernel", "dtype")
SERIES = ("variant", "label", "placement")
BARS = (
    "order statistics over launches for the time ({level} coverage), 95 % bootstrap "
    "over launches for GAIN and efficiency, cut where they leave the panel"
)
Floats = NDArray[np.float64]


def three_panels(
    points: pd.DataFrame, ideal: Callable[[float, Floats], Floats], gain: str
) -> Figure:
    """Return the time with its `ideal` line, the gain under that title, efficiency."""
    series = shown_series(points)
    figure, drawn = rank_panels(series)
    time_panel(drawn[0], series, ideal)
    gain_panel(drawn[1], series, "speedup", ideal=lambda ratio: ratio)
    drawn[1].set_title(gain)
    gain_panel(drawn[2], series, "efficiency", ideal=lambda ratio: 0 * ratio + 1)
    drawn[2].set_title("efficiency")
    title(figure, points)
    finish(drawn, series)
    return figure


def time_panel(
    axes: Axes, series: Sequence[Series], ideal: Callable[[float, Floats], Floats]
) -> None:
    """Draw times on log axes; `ideal(base_s, p / p0)` goes through the reference."""
    drawn: list[float] = []
    for one in series:
        first = one.points.iloc[0]
        ranks = np.sort(one.points["ranks"].to_numpy(dtype=float))
        line = ideal(float(first["base_s"]), ranks / float(first["base_ranks"]))
        axes.plot(ranks, line, color=FAINT, linewidth=0.7, zorder=1)
        draw_line(axes, one, "ranks", "time_s", dots="launch_s")
        drawn += [*one.points["time_s"], *line]
        drawn += [*one.points["min_s"], *one.points["max_s"]]
    log_y(axes, drawn, time_label)
    axes.set_title("time")


def gain_panel(
    axes: Axes,
    series: Sequence[Series],
    name: str,
    ideal: Callable[[Floats], Floats],
) -> None:
    """Draw speed-up on log axes, or efficiency on a linear one from 0 to 1.05.

    The points make the axis: a wide interval is cut, not allowed to flatten the rest.
    """
    drawn: list[float] = [1.0]
    for one in series:
        ranks = np.sort(one.points["ranks"].to_numpy(dtype=float))
        line = ideal(ranks / float(one.points["base_ranks"].iloc[0]))
        axes.plot(ranks, line, color=FAINT, linewidth=0.7, zorder=1)
        draw_line(axes, one, "ranks", name, interval=(f"{name}_low", f"{name}_high"))
        _ring_superlinear(axes, one, name)
        drawn += [*one.points[name], *line]
    if name == "efficiency":
        top = np.nanmax(drawn)
        axes.set_ylim(0.0, 1.05 if top <= 1.05 else 1.05 * top)
        axes.yaxis.set_major_formatter("{x:.0%}")
    else:
        log_y(axes, drawn, plain_label, base=2)


def _ring_superlinear(axes: Axes, one: Series, name: str) -> None:
    beyond = one.points[superlinear(one.points)]
    axes.plot(
        beyond["ranks"],
        beyond[name],
        "o",
        color=one.colour,
        markerfacecolor="none",
        markersize=10,
        markeredgewidth=0.9,
        transform=moved(axes, one.shift_pt),
    )


def superlinear(points: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the points whose whole interval of the efficiency is above 1."""
    return points["efficiency_low"] > 1.0


def threads_differ(points: pd.DataFrame) -> bool:
    """Return whether threads per rank change along a drawn ladder.

    Then ranks are not resources: twice the ranks are not twice the cores.
    """
    known = points[points["ranks_per_node"] > 0]
    each = known["threads"] / known["ranks_per_node"]
    return bool((each.groupby(known["series"]).nunique() > 1).any())


def described(points: pd.DataFrame, what: str, gain: str) -> str:
    """Return `what` is shown, then reference, statistic with its `gain`, machine."""
    return captions.join(
        what,
        reference(points),
        captions.statistic(points, BARS.replace("GAIN", gain)),
        marks(points),
        captions.left_out(points),
        captions.place(points),
    )


def reference(points: pd.DataFrame) -> str:
    """Return the point that each drawn ladder is compared with."""
    names = points.loc[points["shown"], ["series", "baseline"]].drop_duplicates()
    bases = [f"{row.series}: {row.baseline}" for row in names.itertuples()]
    return f"Reference: {captions.listed(bases, 6)}. Thin grey: ideal."


def marks(points: pd.DataFrame) -> str:
    """Return what the marks of a ladder mean, as far as they occur."""
    drawn = points[points["shown"]]
    return captions.join(
        captions.marks(points),
        "Ringed: superlinear, look at cache and reference."
        if superlinear(drawn).any()
        else "",
        "Threads per rank differ: ranks are not resources, read no efficiency."
        if threads_differ(drawn)
        else "",
    )


def finish(drawn: Sequence[Axes], series: Sequence[Series]) -> None:
    """Give each panel its rank axis, crosses and grid; name the lines at the right."""
    ranks = [float(count) for one in series for count in one.points["ranks"]]
    differ = threads_differ(pd.concat([one.points for one in series]))
    for axes in drawn:
        log2_x(axes, ranks)
        axes.set_xlabel("ranks (threads per rank differ)" if differ else "ranks")
        grid(axes)
        draw_failed(axes, series, "ranks")
    end_labels(drawn[-1], ends(series, "ranks", "efficiency"))


def rank_panels(series: Sequence[Series]) -> tuple[Figure, list[Axes]]:
    """Return three panels side by side, with room for the names at the right."""
    return panels(3, 1.75, 1.75, right_in=room_in(one.label for one in series))


def title(figure: Figure, points: pd.DataFrame) -> None:
    """Say what all series have in common."""
    first = points.iloc[0]
    common = [n for n in ("variant", "label") if points[n].nunique() == 1]
    parts = [first[name] for name in ("kernel", "dtype", *common, "machine")]
    header(figure, *parts)
