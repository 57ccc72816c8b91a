"""Time of each allreduce over that of the library, paired by launch."""

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results.figures import captions
from tenbin.results.figures.axes import end_labels, log_y, plain_label
from tenbin.results.figures.message import SERIES, needs, new_axes
from tenbin.results.figures.series import (
    draw_failed,
    draw_line,
    ends,
    mark_shown,
    shown_series,
)
from tenbin.results.figures.style import FAINT, styled
from tenbin.results.ratios import PAIR, paired

BASELINE = "library"


def has_pair(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the rows of launches that hold the library and something else to pair."""
    rows = table[needs(table)]
    keys = [rows[name] for name in PAIR]
    library = ((rows["variant"] == BASELINE) & rows["valid"]).groupby(keys)
    other = (rows["variant"] != BASELINE).groupby(keys)
    both = library.transform("any") & other.transform("any")
    return both.reindex(table.index, fill_value=False).astype(bool)


def points(launches: pd.DataFrame) -> pd.DataFrame:
    """Return one row per variant and size, the library itself left out."""
    table = paired(launches, BASELINE)
    table = table.sort_values(["slot", "message_bytes"], ignore_index=True)
    return mark_shown(table, SERIES)


@styled
def allreduce_ratio(points: pd.DataFrame) -> Figure:
    """Draw ratios on a log axis around the line at 1; below it is faster."""
    series = shown_series(points)
    figure, axes = new_axes(points, series, f"time / time of {BASELINE}")
    axes.axhline(1.0, color=FAINT, linewidth=0.9, zorder=1)
    for one in series:
        draw_line(
            axes,
            one,
            "message_bytes",
            "ratio",
            interval=("ratio_low", "ratio_high"),
            dots="launch_ratio",
        )
    found = points.loc[points["shown"], "launch_ratio"].dropna()
    log_y(axes, [0.9, 1.1, *(r for many in found for r in many)], plain_label)
    draw_failed(axes, series, "message_bytes")
    end_labels(axes, ends(series, "message_bytes", "ratio"))
    for y, va, text in ((0.98, "top", "slower"), (0.02, "bottom", "faster")):
        axes.text(0.01, y, text, va=va, transform=axes.transAxes, color=FAINT)
    return figure


def caption(points: pd.DataFrame) -> str:
    """Return how the ratios are paired, and what the bars are."""
    return captions.join(
        f"Each time over that of {BASELINE} in the same launch; below 1 is faster.",
        captions.statistic(points),
        captions.marks(points),
        captions.left_out(points),
        captions.place(points),
    )
