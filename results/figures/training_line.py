"""How flat a minimum is: loss and accuracy on the line from first to last weights."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tenbin.results import training
from tenbin.results.figures import captions
from tenbin.results.figures.axes import end_labels, grid, log_y, plain_label
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import Series, draw_line, ends, shown_series
from tenbin.results.figures.style import FAINT, styled
from tenbin.results.figures.training import marked, statistic, title

LOSS, ACCURACY = "test_loss", "test_accuracy"
NUMBERS = (LOSS, ACCURACY, "train_loss", "sweep_s")


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per method, batch and place on the line."""
    by = [*training.TASK, *training.METHOD, *training.GRID, "share"]
    table = training.over(rows, by, NUMBERS).sort_values(["slot", "batch", "share"])
    return marked(table.assign(time_s=table["sweep_s"]).reset_index(drop=True))


@styled
def training_line(points: pd.DataFrame) -> Figure:
    """Draw loss and accuracy over the way, at the smallest and the largest batch."""
    series = shown_series(points)
    drawn = points[points["shown"]]
    batches = sorted({drawn["batch"].min(), drawn["batch"].max()})
    figure, axes = panels(
        2 * len(batches), 1.9, 2.0, right_in=room_in(one.label for one in series)
    )
    for place, batch in enumerate(batches):
        for y, panel in zip(NUMBERS[:2], axes[place :: len(batches)], strict=True):
            _panel(panel, series, batch, y)
            if y == LOSS:
                log_y(panel, list(drawn[LOSS]), plain_label)
            else:
                panel.set_ylim(0.0, 1.02)
                panel.yaxis.set_major_formatter("{x:.0%}")
            name = "loss" if y == LOSS else "accuracy"
            panel.set_title(f"test {name}, batch {batch}")
    end_labels(axes[-1], ends(at(series, batches[-1]), "share", ACCURACY))
    title(figure, points)
    return figure


def at(series: list[Series], batch: int) -> list[Series]:
    """Return what the series have at a batch."""
    found = [(one, one.points[one.points["batch"] == batch]) for one in series]
    return [
        Series(one.name, points, one.slot, one.turn)
        for one, points in found
        if len(points)
    ]


def _panel(axes: Axes, series: list[Series], batch: int, y: str) -> None:
    axes.axvline(1.0, color=FAINT, linewidth=0.7, zorder=1)
    for one in at(series, batch):
        draw_line(axes, one, "share", y, interval=(f"{y}_low", f"{y}_high"))
    far = max(one.points["share"].max() for one in series)
    axes.set_xlim(-0.04 * far, 1.04 * far)
    axes.set_xlabel("share of the way")
    grid(axes)


def caption(points: pd.DataFrame) -> str:
    """Return where the line goes, and what is drawn of it."""
    return captions.join(
        "On the straight line from the first weights (0) through the last (1): the "
        "flatter around 1, the flatter the minimum. First samples of the test set; the "
        "training set is in the data.",
        statistic(points),
        captions.place(points),
    )
