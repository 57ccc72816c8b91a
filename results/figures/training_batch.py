"""What the mini-batch does: the error that is reached, and the time of an epoch."""

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results import training
from tenbin.results.figures import captions
from tenbin.results.figures.axes import (
    end_labels,
    grid,
    log_y,
    plain_label,
    time_label,
)
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import draw_line, ends, shown_series
from tenbin.results.figures.style import styled
from tenbin.results.figures.training import (
    log_x,
    marked,
    percent,
    statistic,
    title,
    with_ends,
)

NUMBERS = ("test_error", "sweep_s")


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method and batch, at the best rate for that batch."""
    best = training.last(training.tuned(rows, within=["batch"]))
    by = [*training.TASK, *training.METHOD, *training.GRID]
    table = training.over(best, by, NUMBERS).sort_values(["slot", "batch"])
    return marked(table.assign(time_s=table["sweep_s"]).reset_index(drop=True))


@styled
def training_batch(points: pd.DataFrame) -> Figure:
    """Draw error and seconds per epoch over the batch."""
    series = shown_series(points)
    figure, (error, time) = panels(
        2, 2.6, 2.1, right_in=room_in(one.label for one in series)
    )
    drawn = points[points["shown"]]
    for axes, y in ((error, "test_error"), (time, "sweep_s")):
        for one in series:
            draw_line(axes, one, "batch", y, interval=(f"{y}_low", f"{y}_high"))
        log_x(axes, list(drawn["batch"]), plain_label)
        axes.set_xlabel("samples in a mini-batch")
        grid(axes)
    log_y(error, with_ends(drawn, "test_error"), percent)
    error.set_title("test error after the last epoch")
    log_y(time, with_ends(drawn, "sweep_s"), time_label)
    time.set_title("time of an epoch")
    end_labels(time, ends(series, "batch", "sweep_s"))
    title(figure, points)
    return figure


def caption(points: pd.DataFrame) -> str:
    """Return what is drawn, and how the rates were chosen."""
    spread = points.groupby("series")["test_error"].agg(lambda e: e.max() - e.min())
    told = [f"{name} {percent(value)}" for name, value in spread.items()]
    return captions.join(
        "For each batch the rate of the grid that ends best.",
        f"Errors differ over the batches by: {captions.listed(told, 8)}.",
        "An epoch without preparations and tests.",
        statistic(points),
        captions.place(points),
    )
