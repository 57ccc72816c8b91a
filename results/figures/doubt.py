"""What the figures of uncertainty share: series, unit squares, words."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from tenbin.results import doubt
from tenbin.results.concluded import tells
from tenbin.results.figures import captions, training
from tenbin.results.figures.axes import grid
from tenbin.results.figures.series import Series, mark_shown
from tenbin.results.figures.style import FAINT, short
from tenbin.results.training import METHOD, TASK, over

BY = tuple(TASK)
MOST = 6  # series
CURVES = {"reliability", "errors_tpr", "outside_tpr", *doubt.ENTROPY}


def needs(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the runs that told their uncertainty."""
    return tells(table, "uncertainty")


def methods(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the runs of each method at its best, method by method."""
    groups = doubt.best(rows).groupby(METHOD, sort=False)
    return [group for _, group in sorted(groups, key=lambda pair: pair[0])]


def shared(runs: pd.DataFrame) -> dict[str, Any]:
    """Return what a point says of the runs behind it, without their curves."""
    row = over(runs, METHOD, ["time_s"]).iloc[0]
    return {str(name): value for name, value in row.items() if name not in CURVES}


def marked(points: pd.DataFrame, most: int = MOST) -> pd.DataFrame:
    """Return points with series; settings tell forms of one variant apart."""
    several = points.groupby("variant")["settings"].transform("nunique") > 1
    form = points["settings"].where(several, "")
    names = ["variant", "dtype", "form", "placement"]
    return mark_shown(points.assign(form=form), names, most)


def unit_square(axes: Axes, x: str, y: str, title: str) -> None:
    """Make both axes shares from 0 to 1, with a diagonal to compare with."""
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.7)
    for scale, name in ((axes.xaxis, x), (axes.yaxis, y)):
        scale.set_major_formatter("{x:.0%}")
        scale.set_label_text(name)
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.005)
    axes.set_title(title)
    grid(axes, "both")


def named(series: Sequence[Series], number: str, style: str) -> list[str]:
    """Return the names of the series, each with its number."""
    values = [float(one.points[number].iloc[0]) for one in series]
    pairs = zip(series, values, strict=True)
    return [f"{short(one.name)}  {style.format(value)}" for one, value in pairs]


def key(axes: Axes, series: Sequence[Series], names: Sequence[str]) -> None:
    """Name the series at the right of square axes, beside their markers."""
    where: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
    for place, (one, name) in enumerate(zip(series, names, strict=True)):
        y = 0.97 - 0.075 * place
        axes.plot([1.07], [y], one.marker, color=one.colour, **where)
        axes.text(1.12, y, name, color=one.colour, va="center", fontsize=7.5, **where)


def about(points: pd.DataFrame) -> str:
    """Return of how many runs, and at which settings."""
    best = ", at the batch and rate of the lowest NLL"
    told = points[points["shown"]].drop_duplicates("series")
    names = [f"{s}: {t}" for s, t in zip(told["series"], told["settings"], strict=True)
             if t]  # fmt: skip
    return captions.join(
        f"Mean of {training.runs(points, best)}",
        f"{captions.listed(names, MOST)}." if names else "",
        captions.left_out(points, MOST),
        captions.place(points),
    )


title = training.title
