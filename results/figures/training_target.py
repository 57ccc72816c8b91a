"""The time until an accuracy is reached for the first time."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from tenbin.results import training
from tenbin.results.figures import captions
from tenbin.results.figures.axes import end_labels, grid, log_y
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import draw_line, ends, rows, shown_series
from tenbin.results.figures.style import styled
from tenbin.results.figures.training import (
    chosen,
    marked,
    percent,
    statistic,
    title,
    with_ends,
)


def points(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method and accuracy; no time where most runs never came."""
    best = training.reached(training.tuned(table))
    by = [*training.TASK, *training.METHOD, *training.GRID, "target"]
    made = training.over(best, by, ["target_s"])
    for name in ("target_s", "target_s_low", "target_s_high"):
        made[name] = made[name].replace(np.inf, np.nan)
    made["time_s"] = made["target_s"]
    return marked(made)


@styled
def training_target(points: pd.DataFrame) -> Figure:
    """Draw the times over the accuracies; what was not reached is not there."""
    series = shown_series(points)
    figure, (axes,) = panels(1, 2.8, 2.1, right_in=room_in(one.label for one in series))
    for one in series:
        ends_of = ("target_s_low", "target_s_high")
        draw_line(axes, one, "target", "target_s", interval=ends_of)
    drawn = points[points["shown"]]
    log_y(axes, with_ends(drawn, "target_s"))
    targets = sorted(set(points["target"]))
    axes.xaxis.set_major_locator(FixedLocator(targets))
    axes.xaxis.set_major_formatter(FuncFormatter(percent))
    margin = 0.07 * (targets[-1] - targets[0]) or 0.001
    axes.set_xlim(targets[0] - margin, targets[-1] + margin)
    axes.set_xlabel("accuracy on the test set")
    axes.set_title("time until it is reached")
    grid(axes)
    end_labels(axes, ends(series, "target", "target_s"))
    title(figure, points)
    return figure


def caption(points: pd.DataFrame) -> str:
    """Return what is drawn, and what is missing."""
    never = points[points["target_s"].isna()]
    told = [f"{row.series} {percent(row.target)}" for row in rows(never)]
    return captions.join(
        "The end of the first epoch with that accuracy, preparations included, of each "
        "method at its best:",
        chosen(points),
        f"Not reached by most runs: {captions.listed(told, 12)}." if told else "",
        statistic(points),
        captions.place(points),
    )
