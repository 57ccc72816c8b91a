"""Same-writer recall against the number of writers: its collapse, and its mend."""

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results import training
from tenbin.results import writers as told
from tenbin.results.figures import captions, writers
from tenbin.results.figures.axes import end_labels, grid, log2_x
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import draw_line, ends, shown_series
from tenbin.results.figures.style import FAINT, styled

BY = writers.PLACE
SERIES = ("variant", "dtype", "pairs", "placement", "count")
TITLES = {
    "same_recall": "same writer, found",
    "different_recall": "two writers, found",
    "equal_error": "equal error rate",
}


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per head, kind of pairs and number of writers."""
    table = training.over(rows.sort_values("count"), SERIES, told.RECALLS)
    return writers.marked(table)


@styled
def writers_recall(points: pd.DataFrame) -> Figure:
    """Draw a panel for each kind of pair, and the error where both err alike."""
    series = shown_series(points)
    figure, axes = panels(
        len(TITLES), 1.85, 1.85, right_in=room_in(one.label for one in series)
    )
    for one, (name, said) in zip(axes, TITLES.items(), strict=True):
        for line in series:
            draw_line(
                one, line, "count", name, interval=(f"{name}_low", f"{name}_high")
            )
        log2_x(one, [float(count) for count in points["count"]])
        one.set_ylim(0.0, 1.02 if name != "equal_error" else 0.55)
        if name == "equal_error":
            one.axhline(0.5, color=FAINT, linewidth=0.7)
        one.yaxis.set_major_formatter("{x:.0%}")
        one.set_xlabel("writers")
        one.set_title(said)
        grid(one)
    end_labels(axes[-1], ends(series, "count", "equal_error"))
    writers.title(figure, points)
    return figure


def caption(points: pd.DataFrame) -> str:
    """Return what the panels show."""
    return captions.join(
        "Share of test pairs judged right, those by one writer and those by two, at "
        "the threshold trained for; and the error at the threshold where both fail "
        "alike (grey: guessing). Medians; bars: order statistics.",
        writers.about(points),
    )
