"""What the allreduce figures share: a curve per variant over the message size."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tenbin.results.figures.axes import grid, log2_x
from tenbin.results.figures.layout import counted, header, panels, room_in
from tenbin.results.figures.series import Series
from tenbin.results.table import cases

BY = ("machine", "dtype", "ranks", "ranks_per_node")
SERIES = ("variant",)


def needs(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the rows with a message, outside the ladders."""
    sized = table["message_bytes"].fillna(0.0) > 0.0
    return (table["kernel"] == "allreduce") & sized & (table["scaling"] == "fixed")


def per_size(table: pd.DataFrame) -> pd.DataFrame:
    """Return the cases in the order of the message size."""
    return cases(table).sort_values(["slot", "message_bytes"], ignore_index=True)


def new_axes(
    points: pd.DataFrame, series: Sequence[Series], title: str
) -> tuple[Figure, Axes]:
    """Return a figure with one panel whose x axis is the message size."""
    figure, (axes,) = panels(1, 3.4, 2.0, right_in=room_in(one.label for one in series))
    axes.set_title(title)
    log2_x(axes, sorted(set(points["message_bytes"])), sizes=True)
    axes.set_xlabel("message per rank")
    grid(axes)
    first = points.iloc[0]
    ranks, nodes = counted(first["ranks"], "rank"), counted(first["nodes"], "node")
    where = f"{ranks} on {nodes}" if first["nodes"] else ranks
    header(figure, "allreduce", first["dtype"], where, first["machine"])
    return figure, axes
