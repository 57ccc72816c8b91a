"""New time over base time, case by case, around the line at 1.

Not among FIGURES: it takes two groups of runs, and the page shows one.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from tenbin.results.compare import METHOD
from tenbin.results.figures import captions
from tenbin.results.figures.axes import grid, log_ticks, plain_label
from tenbin.results.figures.layout import header, panels, room_in
from tenbin.results.figures.series import rows
from tenbin.results.figures.style import (
    FAINT,
    INK,
    PAPER,
    colour,
    marker,
    short,
    styled,
)
from tenbin.units import format_bytes

MOST = 40  # cases
WIDTH_IN, ROW_IN = 3.2, 0.16
NAMES = ("kernel", "variant", "dtype", "label", "scaling", "ranks", "ranks_per_node")
DECIDED = ("faster", "slower")


def points(compared: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """Return the compared cases in drawing order; at most 40 are shown.

    Those farthest from 1 are chosen, failed ones first; `threshold` is that of the
    verdicts, `text` the shortest name that tells a case from the others.
    """
    telling = [name for name in NAMES if compared[name].nunique() > 1] or ["label"]
    sizes = compared["message_bytes"].map(format_bytes, na_action="ignore")
    named = compared.assign(label=sizes.fillna(compared["label"]))
    text = named[telling].astype(str).agg(" ".join, axis=1)
    distance = np.abs(np.log(compared["ratio"].to_numpy(dtype=float)))
    far = pd.Series(np.where(np.isnan(distance), np.inf, distance), compared.index)
    shown = far.rank(method="first", ascending=False) <= MOST
    return compared.assign(text=text, shown=shown, threshold=threshold)


@styled
def comparison(points: pd.DataFrame) -> Figure:
    """Draw ratio and interval of each case on a log axis; the threshold as a band."""
    drawn = points[points["shown"]]
    labels = [short(text) for text in drawn["text"]]
    tall = max(ROW_IN * len(labels), 0.5)
    figure, (axes,) = panels(
        1, WIDTH_IN, tall, left_in=room_in(labels), right_in=0.3, bottom_in=0.5
    )
    limit = 1.0 + float(points["threshold"].iloc[0])
    axes.axvspan(1.0 / limit, limit, color=FAINT, alpha=0.18, linewidth=0.0)
    axes.axvline(1.0, color=FAINT, linewidth=0.9, zorder=1)
    _x_axis(axes, drawn, limit)
    for place, row in enumerate(rows(drawn)):
        _draw(axes, place, row)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("new time / base time")
    grid(axes, "x")
    for x, align, text in ((0.0, "left", "faster"), (1.0, "right", "slower")):
        axes.text(x, 1.01, text, ha=align, va="bottom", transform=axes.transAxes,
                  color=FAINT)  # fmt: skip
    first = points.iloc[0]
    common = [first[n] for n in ("kernel", "dtype") if points[n].nunique() == 1]
    header(figure, "new against base", *common, first["machine"])
    return figure


def _x_axis(axes: Axes, drawn: pd.DataFrame, limit: float) -> None:
    found = drawn[["ratio", "ratio_low", "ratio_high"]].to_numpy(dtype=float)
    ends = [*found[np.isfinite(found) & (found > 0.0)], limit, 1.0 / limit]
    low, high = min(ends) / 1.02, max(ends) * 1.02
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator(_ticks(low, high)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(plain_label)


def _ticks(low: float, high: float) -> list[float]:
    """Return round ratios; close to 1 in equal steps, which log ticks do not have."""
    if high / low > 2.0:
        return log_ticks(low, high)
    step = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2) if (high - low) / s <= 6.0)
    first = int(np.ceil(low / step))
    return [step * i for i in range(first, int(np.floor(high / step)) + 1)]


def _draw(axes: Axes, place: int, row: Any) -> None:
    if row.verdict == "failed":
        axes.plot([0.02], [place], "x", color=colour(row.slot), zorder=6,
                  transform=axes.get_yaxis_transform())  # fmt: skip
        axes.text(0.05, place, "failed", va="center", color=colour(row.slot),
                  transform=axes.get_yaxis_transform(), fontsize=7)  # fmt: skip
        return
    if row.ratio_low == row.ratio_low:
        axes.hlines(place, row.ratio_low, row.ratio_high, color=INK, linewidth=0.9)
    face = colour(row.slot) if row.verdict in DECIDED else PAPER
    axes.plot([row.ratio], [place], marker(row.slot), color=colour(row.slot),
              markerfacecolor=face, markeredgewidth=0.9, zorder=5)  # fmt: skip


def caption(points: pd.DataFrame) -> str:
    """Return what is compared and how it was judged."""
    shown = int(points["shown"].sum())
    fewer = f"Drawn: {shown} of {len(points)} cases, those farthest from 1."
    limit = 100.0 * float(points["threshold"].iloc[0])
    base, new = (int(points[f"{side}_launches"].max()) for side in ("base", "new"))
    return captions.join(
        f"{METHOD} Grey band: within {limit:.3g} %. Filled: faster or slower; hollow: "
        "the same or undecided.",
        "Cross: no time in new." if (points["verdict"] == "failed").any() else "",
        f"{base} against {new} launches.",
        fewer if shown < len(points) else "",
    )
