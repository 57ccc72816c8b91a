"""The share of an epoch that communication takes, over the ranks."""

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results import training
from tenbin.results.figures import captions
from tenbin.results.figures.axes import end_labels, grid, log2_x
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import draw_line, ends, shown_series
from tenbin.results.figures.style import styled
from tenbin.results.figures.training import marked, statistic, title

BY = ("machine", "dataset", "net", "dtype", "scaling")
SERIES = ("variant", "batch", "settings")


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method, batch and rank count."""
    runs = rows.groupby([*SERIES, "ranks", "run"], sort=False)
    share = runs["comm_share"].median().rename("share")
    table = runs.first().drop(columns="comm_share").join(share).reset_index()
    table = training.over(table, [*SERIES, "ranks"], ["share", "sweep_s"])
    return marked(table.assign(time_s=table["sweep_s"]), SERIES)


@styled
def training_share(points: pd.DataFrame) -> Figure:
    """Draw a line per method and batch."""
    series = shown_series(points)
    figure, (axes,) = panels(1, 2.8, 2.1, right_in=room_in(one.label for one in series))
    for one in series:
        draw_line(axes, one, "ranks", "share", interval=("share_low", "share_high"))
    axes.set_ylim(0.0, max(0.1, 1.1 * float(points["share"].max())))
    axes.yaxis.set_major_formatter("{x:.0%}")
    log2_x(axes, [float(count) for count in points["ranks"]])
    axes.set_xlabel("ranks")
    axes.set_title(f"communication in an epoch, {points.iloc[0]['scaling']} scaling")
    grid(axes)
    end_labels(axes, ends(series, "ranks", "share"))
    title(figure, points.assign(placement=""))
    return figure


def caption(points: pd.DataFrame) -> str:
    """Return what counts as communication."""
    return captions.join(
        "Time in calls that sum over the ranks: moving, adding, and waiting for the "
        "slowest rank; the rest is computation.",
        statistic(points),
        captions.marks(points.assign(imported="")),
        captions.place(points),
    )
