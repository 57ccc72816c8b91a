"""Bus bandwidth of an allreduce over the message size."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results import metrics
from tenbin.results.figures import captions
from tenbin.results.figures.axes import end_labels
from tenbin.results.figures.message import SERIES, new_axes, per_size
from tenbin.results.figures.series import (
    draw_failed,
    draw_line,
    ends,
    mark_shown,
    rows,
    shown_series,
)
from tenbin.results.figures.style import styled

GIGA = 1e-9


def points(launches: pd.DataFrame) -> pd.DataFrame:
    """Return one row per variant and size; the ends of the time interval swap."""
    table = per_size(launches)
    size, ranks = (
        table["message_bytes"].to_numpy(),
        table["ranks"].to_numpy(dtype=float),
    )
    low, high = table["high_s"].to_numpy(), table["low_s"].to_numpy()
    rates = table.assign(
        busbw_low=metrics.busbw(size, low, ranks),
        busbw_high=metrics.busbw(size, high, ranks),
    )
    rates["busbw_launch"] = pd.Series(
        [_rates(row) for row in rows(table)], table.index, dtype="object"
    )
    return mark_shown(rates, SERIES)


def _rates(row: Any) -> tuple[float, ...] | None:
    if not isinstance(row.launch_s, tuple):
        return None
    ranks = float(row.ranks)
    return tuple(metrics.busbw(row.message_bytes, t, ranks) for t in row.launch_s)


@styled
def allreduce_busbw(points: pd.DataFrame) -> Figure:
    """Draw one curve per variant; the rate is linear from zero."""
    series = shown_series(points)
    figure, axes = new_axes(points, series, "bus bandwidth (GB/s)")
    for one in series:
        draw_line(
            axes,
            one,
            "message_bytes",
            "busbw_byte_per_s",
            interval=("busbw_low", "busbw_high"),
            dots="busbw_launch",
            scale=GIGA,
        )
    axes.set_ylim(0.0, _top(points[points["shown"]]))
    draw_failed(axes, series, "message_bytes")
    end_labels(axes, ends(series, "message_bytes", "busbw_byte_per_s", GIGA))
    return figure


def _top(drawn: pd.DataFrame) -> float:
    """Return a limit above markers and dots; a wide interval is cut there."""
    many = [rate for rates in drawn["busbw_launch"].dropna() for rate in rates]
    rates = [rate for rate in (*drawn["busbw_byte_per_s"], *many) if rate > 0.0]
    return 1.08 * GIGA * max(rates, default=1.0 / GIGA)


def caption(points: pd.DataFrame) -> str:
    """Return the definition of the rate, and of how many launches."""
    ranks = int(points["ranks"].iloc[0])
    factor = 2 * (ranks - 1) / ranks
    return captions.join(
        "Bus bandwidth: message per rank / time, times 2 (p - 1) / p, here "
        f"{factor:.3g} for p = {ranks}; comparable with the speed of a link.",
        captions.statistic(points),
        captions.marks(points),
        captions.left_out(points),
        captions.place(points),
    )
