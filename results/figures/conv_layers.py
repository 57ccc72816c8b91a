"""A network layer by layer: time, speed-up over float32, share of the measured peak."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results import layers
from tenbin.results.figures import captions
from tenbin.results.figures.axes import plain_label, time_label
from tenbin.results.figures.dots import Panel, dot_panels
from tenbin.results.figures.layout import counted, header
from tenbin.results.figures.series import mark_shown
from tenbin.results.figures.style import short, styled
from tenbin.results.figures.told import styled_value

BY = tuple(layers.NETWORK)
MOST = 10  # series; those of one variant share a colour
MOST_NETWORKS = 10
COLD = {"all": "cold", "weights": "cold weights", "none": "warm"}


def percent(share: float, _: object = None) -> str:
    """Return a share as a tick label."""
    return f"{100 * share:.3g} %"


PANELS = (
    Panel("time_s", "time", time_label),
    Panel("speedup", "speed-up over float32", plain_label, line=1.0),
    Panel("peak_share", "of the measured peak", percent, log=False, line=1.0),
)


def needs(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the convolutions outside the ladders."""
    return (table["kernel"] == "conv") & (table["scaling"] == "fixed")


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per layer and series, then the totals; `place` names the layer."""
    table = layers.whole(rows)
    times = [f" x{count}" if count > 1 else "" for count in table["count"]]
    memory = table[table["side"] == "memory"].groupby("number")["dtype"].agg(set)
    bound = [_mark(memory.get(number, set())) for number in table["number"]]
    table["place"] = table["layer"] + times + bound
    return mark_shown(table, layers.SERIES, MOST)


def _mark(memory_bound: set[str]) -> str:
    halves = {"float16", "bfloat16"} & memory_bound
    return " m" if halves or "float32" in memory_bound else ""


@styled
def conv_layers(points: pd.DataFrame) -> Figure:
    """Draw a row per layer, and one for the whole network."""
    figure = dot_panels(points, PANELS, _text)
    title(figure, points)
    return figure


def title(figure: Figure, points: pd.DataFrame) -> None:
    """Say which network, how it ran, and where."""
    first = points.iloc[0]
    threads = counted(first["threads"], "thread")
    batch = counted(int(first["batch"]), "image")
    direction = "" if first["direction"] == "forward" else first["direction"]
    parts = (first["network"], batch, direction, COLD[first["cold"]], threads)
    header(figure, *parts, first["machine"])


def _text(name: str, row: Any) -> str:
    said = [row.place, short(name), styled_value("time_s", row.time_s)]
    if row.speedup == row.speedup:
        said.append(f"{row.speedup:.2f} times float32 ({row.base})")
    if row.peak_share == row.peak_share:
        said.append(f"{100 * row.peak_share:.0f} % of peak")
    if isinstance(row.algorithm, str) and row.algorithm:
        said.append(row.algorithm)
    return " · ".join(said)


def caption(points: pd.DataFrame) -> str:
    """Return what the numbers mean, what is the base, and what is left out."""
    bases = sorted({base for base in points["base"] if isinstance(base, str)})
    told = f"Base: the fastest float32 of {captions.listed(bases)}." if bases else ""
    return captions.join(
        "Rates count the products of the plain algorithm, those with padding too: "
        "Winograd does fewer and may pass the measured peak, and so may matrix units "
        "that the peak is not measured with. m: memory-bound by the measured roofline.",
        told,
        "Whole network: layers times their counts.",
        captions.statistic(points).split(" Bars:")[0].replace(" (dots)", ""),
        captions.left_out(points, MOST),
        captions.place(points),
    )
