"""What the figures of training share: which rows, how series are named and drawn."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tenbin.results import intervals, training
from tenbin.results.concluded import tells
from tenbin.results.figures import captions
from tenbin.results.figures.axes import Label, log_ticks, time_label
from tenbin.results.figures.layout import header
from tenbin.results.figures.series import mark_shown, shown_series

BY = tuple(training.TASK)
SERIES = tuple(training.METHOD)
MOST = 8  # series
RUNS = "Median over runs with different seeds"


def fixed(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark training outside the ladders that learns classes, not writers' pairs."""
    learnt = (table["kernel"] == "training") & (table["scaling"] == "fixed")
    return learnt & ~tells(table, "writers")


def ladders(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark training on ladders of ranks."""
    return (table["kernel"] == "training") & (table["scaling"] != "fixed")


def marked(points: pd.DataFrame, by: Sequence[str] = SERIES) -> pd.DataFrame:
    """Return points with series; settings tell forms of one variant apart."""
    settings = points.groupby("variant")["settings"].transform("nunique") > 1
    told = points.assign(settings=points["settings"].where(settings, ""))
    return mark_shown(told, by, MOST)


def with_ends(points: pd.DataFrame, name: str) -> list[float]:
    """Return the values of a column and the ends of their intervals."""
    columns = (name, f"{name}_low", f"{name}_high")
    return [float(value) for column in columns for value in points[column]]


def percent(share: float, _: object = None) -> str:
    """Return a share as a tick label.

    >>> percent(0.015)
    '1.5 %'
    """
    return f"{100 * share:.3g} %"


def log_x(axes: Axes, values: Sequence[float], label: Label = time_label) -> None:
    """Make the x axis logarithmic around the values, with round ticks."""
    low, high = min(values) / 1.15, max(values) * 1.15
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator(log_ticks(low, high)[-5:]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(label))


def title(figure: Figure, points: pd.DataFrame) -> None:
    """Say what was trained, on what, and where."""
    first = points.iloc[0]
    count = first["train_samples"]
    size = f"{count} samples" if count else "all samples"
    common = [first[n] for n in ("dtype", "placement") if points[n].nunique() == 1]
    net = f"net {first['net']}"
    header(figure, first["dataset"], size, net, *common, first["machine"])


def runs(points: pd.DataFrame, usual: str = "") -> str:
    """Return of how many runs points tell, and whether they can be compared."""
    few, many = int(points["launches"].min()), int(points["launches"].max())
    count = f"{few}" if few == many else f"{few} to {many}"
    warning = "" if few >= intervals.FEWEST else " Without 3 runs: not comparable."
    return f"{count} runs with different seeds{usual}.{warning}"


def chosen(points: pd.DataFrame) -> str:
    """Return batch and rate of each series."""
    told = []
    for one in shown_series(points):
        first = one.points.iloc[0]
        rate = f", rate {first['rate']:g}" if first["rate"] else ""
        told.append(f"{one.name}: batch {first['batch']}{rate}")
    return f"{captions.listed(told, MOST)}."


def statistic(points: pd.DataFrame) -> str:
    """Return of how many runs the medians are, and what the bars mean."""
    few, many = int(points["launches"].min()), int(points["launches"].max())
    count = f"{few}" if few == many else f"{few} to {many}"
    if many < intervals.FEWEST:
        return f"{RUNS} ({count}); without 3 there is no interval: not comparable."
    level = points.loc[points["launches"] >= intervals.FEWEST, "interval_level"].min()
    return f"{RUNS} ({count}). Bars cover it in at least {100 * level:.0f} % of cases."
