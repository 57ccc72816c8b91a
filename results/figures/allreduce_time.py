"""Time of an allreduce over the message size."""

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results.figures import captions
from tenbin.results.figures.axes import end_labels, log_y
from tenbin.results.figures.message import SERIES, new_axes, per_size
from tenbin.results.figures.series import (
    draw_failed,
    draw_line,
    ends,
    mark_shown,
    shown_series,
)
from tenbin.results.figures.style import styled


def points(launches: pd.DataFrame) -> pd.DataFrame:
    """Return one row per variant and size."""
    return mark_shown(per_size(launches), SERIES)


@styled
def allreduce_time(points: pd.DataFrame) -> Figure:
    """Draw one curve per variant, log-log, with launch dots and intervals."""
    series = shown_series(points)
    figure, axes = new_axes(points, series, "time")
    for one in series:
        draw_line(axes, one, "message_bytes", "time_s", dots="launch_s")
    drawn = points[points["shown"]]
    log_y(axes, [*drawn["min_s"], *drawn["max_s"]])
    draw_failed(axes, series, "message_bytes")
    end_labels(axes, ends(series, "message_bytes", "time_s"))
    return figure


def caption(points: pd.DataFrame) -> str:
    """Return what is timed, and of how many launches."""
    return captions.join(
        "Time from the first rank's entry to the last rank's exit.",
        captions.statistic(points),
        captions.marks(points),
        captions.left_out(points),
        captions.place(points),
    )
