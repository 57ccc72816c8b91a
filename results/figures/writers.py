"""What the figures of writer identification share: which rows, series, words."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results import training
from tenbin.results.concluded import tells
from tenbin.results.figures import captions
from tenbin.results.figures import training as drawn
from tenbin.results.figures.layout import header
from tenbin.results.figures.series import mark_shown

PLACE = ("machine", "dataset", "net", "train_samples")
MOST = 6  # series


def needs(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the runs that told writers apart."""
    return tells(table, "writers")


def shared(runs: pd.DataFrame, by: list[str], names: list[str]) -> dict[str, Any]:
    """Return what a point says of the runs behind it, with medians of `names`."""
    row = training.over(runs, by, names).iloc[0].drop(["tpr", "matrix"])
    return {str(name): value for name, value in row.items()}


def marked(points: pd.DataFrame) -> pd.DataFrame:
    """Return points with series, named by head and pairs."""
    return mark_shown(points, ["variant", "dtype", "pairs", "placement"], MOST)


def title(figure: Figure, points: pd.DataFrame) -> None:
    """Say whose images were told apart, and by which net."""
    first = points.iloc[0]
    net = f"twin of {first['net']}"
    header(figure, "writers", first["dataset"], net, first["machine"])


def about(points: pd.DataFrame) -> str:
    """Return of how many runs, and what the pairs are."""
    return captions.join(
        "Pairs to train on: balanced, as many by one writer as by two, or unbalanced, "
        f"as they come. Over {drawn.runs(points)}",
        captions.left_out(points, MOST),
        captions.place(points),
    )
