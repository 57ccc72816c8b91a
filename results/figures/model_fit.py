"""Times of a ladder, the model found for them, and how far it can be trusted."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tenbin.results import fits, model, scaling
from tenbin.results.figures import captions, ladder
from tenbin.results.figures.axes import end_labels, grid, log2_x, log_y
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import (
    Series,
    draw_failed,
    draw_line,
    ends,
    mark_shown,
    rows,
    shown_series,
)
from tenbin.results.figures.style import styled
from tenbin.results.table import SERIES

BY = (*ladder.BY, "scaling")
GRID = 25  # points of a curve


def needs(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the rows of figures with a ladder of at least 4 usable rank counts."""
    timed = table["valid"] & ~table["oversubscribed"]
    counts = table["ranks"].where(timed & table["scaling"].isin(["strong", "weak"]))
    series = [table[name] for name in SERIES]
    enough = counts.groupby(series).transform("nunique") >= model.FEWEST
    return enough.groupby([table[name] for name in BY]).transform("any").astype(bool)


def points(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the measured points, and rows with `modelled` for the curves.

    Those have `model_s`, `model_low` and `model_high` instead of a measured time;
    `formula` and `error` are those of the series.
    """
    ladders = getattr(scaling, str(launches["scaling"].iloc[0]))(launches)
    return with_curves(mark_shown(ladders, ladder.SERIES))


def with_curves(marked: pd.DataFrame) -> pd.DataFrame:
    """Return the points of marked ladders, and rows for the curve of each shown one."""
    measured = marked.assign(modelled=False)
    parts = [measured]
    for _, own in measured[measured["shown"]].groupby("series", sort=False):
        found = fits.fit(own).model
        if found is not None:
            parts.append(_curve(own, found))
    return pd.concat(parts, ignore_index=True)


def _curve(own: pd.DataFrame, found: model.Model) -> pd.DataFrame:
    """Return rows from the smallest measured count to 4 times the largest."""
    first, last = min(found.ranks), max(found.ranks)
    grid = np.geomspace(first, last * model.FARTHEST, GRID)
    places = np.array(sorted({round(p) for p in grid} | {*found.ranks}), dtype=float)
    low, high = found.band(places)
    keep = ["machine", "kernel", "dtype", "scaling", "series", "shown", "slot"]
    shared = {name: own[name].iloc[0] for name in [*keep, *ladder.SERIES]}
    return pd.DataFrame(
        {
            "ranks": places.astype(int),
            "model_s": found.predict(places),
            "model_low": low,
            "model_high": high,
            "measured_to": last,
        }
    ).assign(**shared, modelled=True, formula=found.formula, error=found.error)


class Marks(Series):
    """A series without a line of its own: the curve is the model's."""

    @property
    def dash(self) -> str:
        """Return no line."""
        return "none"


@styled
def model_fit(points: pd.DataFrame) -> Figure:
    """Draw measured times, the curve through them, dashed and banded beyond."""
    measured, curves = _apart(points)
    series = shown_series(measured)
    figure, (axes,) = panels(1, 3.4, 2.2, right_in=room_in(s.label for s in series))
    for one in series:
        marks = Marks(one.name, one.points, one.slot, one.turn)
        draw_line(axes, marks, "ranks", "time_s", dots="launch_s")
        _draw(axes, one, curves[curves["series"] == one.name])
    shown = measured[measured["shown"]]
    if curves.empty:
        spans = [*shown["min_s"], *shown["max_s"]]
    else:
        spans = [*shown["min_s"], *shown["max_s"], *curves["model_s"]]
        spans += _visible(curves, spans)
    log_y(axes, spans)
    axes.set_title("time, model and 95 % band")
    log2_x(axes, sorted({*shown["ranks"].astype(float), *_far(curves)}))
    axes.set_xlabel("ranks")
    grid(axes)
    draw_failed(axes, series, "ranks")
    end_labels(axes, ends(series, "ranks", "time_s"))
    ladder.title(figure, measured)
    return figure


def _apart(points: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    modelled = points["modelled"].astype(bool)
    measured = points[~modelled].astype({"slot": int, "oversubscribed": bool})
    return measured, points[modelled]


def _far(curves: pd.DataFrame) -> list[float]:
    """Return where the curves end, beyond what is measured."""
    return [float(p) for p in curves.groupby("series")["ranks"].max()]


def _visible(curves: pd.DataFrame, spans: list[float]) -> list[float]:
    """Return the ends of the bands, as far as they leave the points readable."""
    low, high = np.nanmin(spans) / 3.0, np.nanmax(spans) * 3.0
    return [max(curves["model_low"].min(), low), min(curves["model_high"].max(), high)]


def _draw(axes: Axes, one: Series, curve: pd.DataFrame) -> None:
    if curve.empty:
        return
    x, y = (curve[name].to_numpy(dtype=float) for name in ("ranks", "model_s"))
    low, high = (curve[f"model_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
    inside = x <= float(curve["measured_to"].iloc[0])
    beyond = x >= float(curve["measured_to"].iloc[0])
    look: dict[str, Any] = {"color": one.colour, "zorder": 2}
    axes.fill_between(x, low, high, alpha=0.15, linewidth=0.0, **look)
    axes.plot(x[inside], y[inside], "-", linewidth=1.0, **look)
    axes.plot(x[beyond], y[beyond], linestyle=(0, (4, 2)), linewidth=1.0, **look)


def caption(points: pd.DataFrame) -> str:
    """Return the formulas, how they were chosen, and what the band is worth."""
    measured, curves = _apart(points)
    told = [
        f"{row.series}: t = {row.formula} (left-out error {100 * row.error:.1f} %)"
        for row in rows(curves.drop_duplicates("series"))
    ]
    chosen = (
        "p is ranks. Terms are chosen by the error of points left out. Dashed: beyond "
        f"what is measured, to {model.FARTHEST:g} times; band: 95 %, the choice of "
        "terms repeated on resampled errors."
    )
    few = {len(part) for _, part in _counts(measured).items()} & {model.FEWEST}
    return captions.join(
        f"{'; '.join(told)}." if told else "No model: 4 rank counts are needed.",
        chosen,
        "4 rank counts are few: take the terms with care." if few else "",
        captions.statistic(measured),
        captions.marks(measured),
        captions.left_out(measured),
        captions.place(measured),
    )


def _counts(measured: pd.DataFrame) -> dict[str, set[int]]:
    good = measured[fits.usable(measured) & measured["shown"]]
    return {str(name): set(part["ranks"]) for name, part in good.groupby("series")}
