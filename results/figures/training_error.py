"""Test error against seconds and against epochs, each method at its best."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tenbin.results import training
from tenbin.results.figures import captions
from tenbin.results.figures.axes import end_labels, grid, log_y
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import draw_line, ends, shown_series
from tenbin.results.figures.style import styled
from tenbin.results.figures.training import (
    chosen,
    log_x,
    marked,
    percent,
    statistic,
    title,
    with_ends,
)

NUMBERS = ("test_error", "elapsed_s")


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method and epoch, over the runs at its best setting."""
    best = training.tuned(rows)
    by = [*training.TASK, *training.METHOD, *training.GRID, "epoch"]
    table = training.over(best, by, NUMBERS)
    return marked(table.assign(time_s=table["elapsed_s"]))


@styled
def training_error(points: pd.DataFrame) -> Figure:
    """Draw a curve per method; the vertical bars are over seeds."""
    series = shown_series(points)
    figure, (seconds, counted) = panels(
        2, 2.6, 2.1, right_in=room_in(one.label for one in series)
    )
    drawn = points[points["shown"]]
    for axes, x in ((seconds, "elapsed_s"), (counted, "epoch")):
        for one in series:
            ends_of = ("test_error_low", "test_error_high")
            draw_line(axes, one, x, "test_error", interval=ends_of)
        log_y(axes, with_ends(drawn, "test_error"), percent)
        grid(axes, "both")
    log_x(seconds, list(drawn["elapsed_s"]))
    seconds.set_title("test error")
    seconds.set_xlabel("time of training, from the start")
    counted.set_title("test error")
    counted.set_xlabel("epochs")
    counted.set_xlim(0.0, float(drawn["epoch"].max()) + 0.5)
    counted.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    end_labels(counted, ends(series, "epoch", "test_error"))
    title(figure, points)
    return figure


def caption(points: pd.DataFrame) -> str:
    """Return what is drawn, at which settings."""
    return captions.join(
        "Each method at the batch and rate of its grid whose last epoch is best by "
        "median test error:",
        chosen(points),
        "Time without the tests, with all preparations (pre-training).",
        statistic(points),
        captions.place(points),
    )
