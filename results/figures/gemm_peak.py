"""GEMM rates as bars against the measured peak, with the roofline bound of each."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tenbin.results.figures import captions
from tenbin.results.figures.axes import grid
from tenbin.results.figures.layout import (
    counted,
    header,
    panels,
    room_in,
    text_width_in,
)
from tenbin.results.figures.series import (
    Series,
    mark_shown,
    rows,
    shown_series,
    value_text,
)
from tenbin.results.figures.style import FAINT, INK, short, styled
from tenbin.results.figures.told import tell
from tenbin.results.table import cases
from tenbin.units import format_rate

BY = ("machine", "dtype", "ranks", "ranks_per_node")
MOST_PROBLEMS = 16
LABEL, WIDTH_IN = 24, 3.4  # characters of a problem; width of the panel
GIGA = 1e-9


def needs(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the GEMM rows outside the ladders."""
    gemm = (table["kernel"] == "gemm") & table["flops"].notna()
    return gemm & (table["scaling"] == "fixed")


def points(launches: pd.DataFrame) -> pd.DataFrame:
    """Return one row per problem and variant; the largest problems are drawn."""
    table = mark_shown(cases(launches), ("variant",))
    work = table.groupby("label")["flops"].max().sort_values(kind="stable")
    largest = set(work.index[-MOST_PROBLEMS:])
    return table.assign(shown=table["shown"] & table["label"].isin(largest))


@styled
def gemm_peak(points: pd.DataFrame) -> Figure:
    """Draw a bar per problem and variant, launch dots, bounds, and the peak."""
    drawn = points[points["shown"]].sort_values("flops", kind="stable")
    labels = list(dict.fromkeys(drawn["label"]))
    series = sorted(shown_series(points), key=lambda one: one.slot)
    tall = max(len(labels) * (0.14 + 0.13 * len(series)), 0.4)
    left = room_in(short(label, LABEL) for label in labels)
    columns = _columns(series)
    lines = 1 + (len(series) - 1) // columns
    figure, (axes,) = panels(
        1, WIDTH_IN, tall, left_in=left, right_in=0.3, bottom_in=0.5 + 0.16 * lines
    )
    for number, one in enumerate(series):
        _bars(axes, one, labels, number, len(series))
    _bounds(axes, drawn, labels)
    axes.set_yticks(range(len(labels)), [short(label, LABEL) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(left=0.0)
    axes.set_xlabel("GFLOP/s")
    grid(axes, "x")
    _key(axes, series, columns, tall)
    first = points.iloc[0]
    threads = counted(first["threads"], "thread")
    header(figure, "gemm", first["dtype"], threads, first["machine"])
    return figure


def _bars(axes: Axes, one: Series, labels: list[str], number: int, total: int) -> None:
    thick = 0.8 / total
    for row in rows(one.points[one.points["shown"]]):
        y = labels.index(row.label) + (number + 0.5) * thick - 0.4
        if np.isnan(row.time_s):
            why = f"{row.status}: {short(row.reason, 60)}"
            tell(axes, [0.0], [y], [f"{short(row.label)} · {short(one.name)} · {why}"])
            axes.plot([0], [y], "x", color=one.colour, clip_on=False, zorder=6)
            axes.annotate(
                str(row.status),
                (0, y),
                (7, 0),
                textcoords="offset points",
                color=one.colour,
                va="center",
                fontsize=7,
            )
            continue
        face = "none" if row.oversubscribed or row.imported else one.colour
        axes.barh(
            y,
            row.flop_per_s * GIGA,
            thick * 0.86,
            facecolor=face,
            zorder=2,
            edgecolor=one.colour,
            linewidth=0.8,
            alpha=0.85,
        )
        rates = [row.flops / time * GIGA for time in row.launch_s]
        axes.plot(
            rates,
            [y] * len(rates),
            ".",
            color=INK,
            markersize=2.2,
            alpha=0.5,
            markeredgewidth=0,
            zorder=4,
        )
        text = value_text(one.name, row, "flop_per_s", "time_s", ("low_s", "high_s"))
        tell(axes, [row.flop_per_s * GIGA], [y], [f"{short(row.label)} · {text}"])
        if row.low_s == row.low_s:
            ends = (row.flops / row.high_s * GIGA, row.flops / row.low_s * GIGA)
            axes.hlines(y, *ends, color=INK, linewidth=0.8, zorder=3)


def _bounds(axes: Axes, drawn: pd.DataFrame, labels: list[str]) -> None:
    """Mark the roofline bound of each problem, and the peak over all."""
    bounds = (drawn["flops"] / drawn["bound_s"]).groupby(drawn["label"]).max() * GIGA
    for place, label in enumerate(labels):
        bound = float(bounds[label])
        if bound == bound:
            axes.vlines(
                bound, place - 0.42, place + 0.42, color=INK, linewidth=1.3, zorder=5
            )
    peak = float((drawn["peak_flop_per_s"] * drawn["nodes"]).max())
    if peak == peak:
        axes.axvline(peak * GIGA, color=FAINT, linewidth=0.9, linestyle=(0, (4, 2)))
        axes.annotate(
            f"measured peak {format_rate(peak, 'FLOP/s')}",
            (peak * GIGA, 1.0),
            (-2, 3),
            xycoords=axes.get_xaxis_transform(),
            ha="right",
            textcoords="offset points",
            fontsize=7,
            color=INK,
        )


def _columns(series: list[Series]) -> int:
    """Return how many names fit beside each other."""
    widest = max((text_width_in(short(one.name)) for one in series), default=1.0)
    return max(1, int(WIDTH_IN / (widest + 0.3)))


def _key(axes: Axes, series: list[Series], columns: int, tall_in: float) -> None:
    """Name the variants in their colours, below the axis."""
    for place, one in enumerate(series):
        x, line = (place % columns) / columns, place // columns
        y = -(0.5 + 0.16 * line) / tall_in
        text = f"■ {short(one.name)}"
        axes.text(x, y, text, color=one.colour, transform=axes.transAxes, va="center")


def caption(points: pd.DataFrame) -> str:
    """Return what bars, ticks and dashes are, and what is left out."""
    total = points["label"].nunique()
    drawn = points.loc[points["shown"], "label"].nunique()
    fewer = f"Drawn: the {drawn} largest of {total} problems." if drawn < total else ""
    return captions.join(
        "Length: 2mnk / time. Upright ticks: roofline bound of the problem, from the "
        "measured peak and memory bandwidth; small problems in cache may exceed it. "
        "Dashed: measured peak.",
        captions.statistic(points),
        captions.marks(points),
        fewer,
        captions.left_out(points),
        captions.place(points),
    )
