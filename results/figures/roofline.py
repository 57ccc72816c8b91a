"""Roofline: rates over arithmetic intensity, under the measured roofs.

    FLOP/s ^        ______ peak
           |      /
           |    /   bandwidth x intensity
           +--------------------------> FLOP per byte

Williams, Waterman, Patterson (2009). Bytes are compulsory: each operand once.
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from tenbin.results.figures import captions
from tenbin.results.figures.axes import (
    end_labels,
    grid,
    log_ticks,
    log_y,
    plain_label,
)
from tenbin.results.figures.layout import counted, header, panels, room_in
from tenbin.results.figures.series import (
    ends,
    mark_shown,
    rows,
    shown_series,
    value_text,
)
from tenbin.results.figures.style import INK, short, styled
from tenbin.results.figures.told import tell
from tenbin.results.table import cases
from tenbin.units import format_rate

BY = ("machine", "dtype", "threads", "nodes")
GIGA = 1e-9


def needs(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the rows with flops, bytes and a measured roof, outside the ladders."""
    known = table[["flops", "bytes", "peak_flop_per_s", "read_byte_per_s"]].notna()
    return known.all(axis=1) & (table["bytes"] > 0) & (table["scaling"] == "fixed")


def points(launches: pd.DataFrame) -> pd.DataFrame:
    """Return one row per case with its `intensity` in FLOP per byte."""
    table = cases(launches)
    table = table.assign(intensity=table["flops"] / table["bytes"])
    return mark_shown(table, ("kernel", "variant"))


@styled
def roofline(points: pd.DataFrame) -> Figure:
    """Draw the roofs and one marker per case; no line joins different problems."""
    first = points.iloc[0]
    peak = float(first["peak_flop_per_s"]) * int(first["nodes"])
    bandwidth = float(first["read_byte_per_s"]) * int(first["nodes"])
    series = shown_series(points)
    figure, (axes,) = panels(1, 3.4, 2.0, right_in=room_in(one.label for one in series))
    drawn = points[points["shown"] & points["time_s"].notna()]
    _x_axis(axes, [*drawn["intensity"], peak / bandwidth])
    x = np.geomspace(*axes.get_xlim(), 200)
    roof = np.minimum(peak, x * bandwidth) * GIGA
    axes.plot(x, roof, color=INK, linewidth=1.1, zorder=2)
    for one in series:
        axes.plot(
            one.points["intensity"],
            one.points["flop_per_s"] * GIGA,
            one.marker,
            color=one.colour,
            zorder=3,
            alpha=0.85,
        )
        texts = [_text(one.name, row) for row in rows(one.points)]
        tell(axes, one.points["intensity"], one.points["flop_per_s"] * GIGA, texts)
    log_y(axes, [*(drawn["flop_per_s"] * GIGA), *roof], plain_label)
    grid(axes)
    end_labels(axes, ends(series, "intensity", "flop_per_s", GIGA))
    roofs = f"{format_rate(peak, 'FLOP/s')} and {format_rate(bandwidth, 'B/s')}"
    axes.set_title(f"GFLOP/s under {roofs}")
    threads = counted(first["threads"], "thread")
    header(figure, "roofline", first["dtype"], threads, first["machine"])
    return figure


def _text(name: str, row: Any) -> str:
    return f"{short(row.label)} · {value_text(name, row, 'intensity', 'flop_per_s')}"


def _x_axis(axes: Axes, values: list[float]) -> None:
    low, high = min(values) / 1.6, max(values) * 1.6
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_xticks(log_ticks(low, high))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(plain_label)
    axes.set_xlabel("arithmetic intensity (FLOP per byte)")


def caption(points: pd.DataFrame) -> str:
    """Return what the roofs are, and what may lie above them."""
    return captions.join(
        "Roofs: measured FMA peak and measured read bandwidth of memory. Intensity "
        "counts each operand once; what stays in a cache may lie above the slope.",
        captions.statistic(points).split(" Bars:")[0].replace(" (dots)", ""),
        captions.left_out(points),
        captions.place(points),
    )
