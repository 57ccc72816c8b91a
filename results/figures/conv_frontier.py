"""Speed against error of whole networks: what is on the frontier is beaten by none.

error ^  x
      |     \\__ frontier
      |          x
      +-------------> time
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from tenbin.results import layers
from tenbin.results.figures import captions, conv_layers
from tenbin.results.figures.axes import end_labels, grid, log_ticks, log_y, time_label
from tenbin.results.figures.conv_accuracy import tiny
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import ends, mark_shown, rows, shown_series
from tenbin.results.figures.style import FAINT, short, styled
from tenbin.results.figures.told import styled_value, tell

BY, needs = conv_layers.BY, conv_layers.needs
MOST = 16  # series; points have names of their own


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the totals, and which of them are on the `frontier`."""
    table = layers.totals(layers.layers(rows))
    time, error = (table[name].to_numpy(float) for name in ("time_s", "relative_l2"))
    beaten = [bool(np.any((time < t) & (error <= e) | (time <= t) & (error < e)))
              for t, e in zip(time, error, strict=True)]  # fmt: skip
    return mark_shown(
        table.assign(frontier=~np.array(beaten, bool)), layers.SERIES, MOST
    )


@styled
def conv_frontier(points: pd.DataFrame) -> Figure:
    """Draw a point per series, and steps along the frontier."""
    series = shown_series(points)
    figure, (axes,) = panels(1, 3.4, 2.2, right_in=room_in(one.label for one in series))
    best = points[points["frontier"]].sort_values("time_s")
    axes.step(best["time_s"], best["relative_l2"], where="post", color=FAINT, zorder=1)
    for one in series:
        x, y = one.points["time_s"], one.points["relative_l2"]
        axes.plot(x, y, one.marker, color=one.colour, zorder=3)
        tell(axes, x, y, [_text(one.name, row) for row in rows(one.points)])
    low, high = min(points["time_s"]) / 1.3, max(points["time_s"]) * 1.3
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.xaxis.set_major_locator(FixedLocator(log_ticks(low, high)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(time_label))
    axes.set_xlabel("time of the whole network")
    log_y(axes, points["relative_l2"], tiny)
    axes.set_title("relative error of the worst layer")
    grid(axes, "both")
    end_labels(axes, ends(series, "time_s", "relative_l2"))
    conv_layers.title(figure, points)
    return figure


def _text(name: str, row: Any) -> str:
    kept = " · on the frontier" if row.frontier else ""
    time = styled_value("time_s", row.time_s)
    return f"{short(name)} · {time} · error {row.relative_l2:.2g}{kept}"


def caption(points: pd.DataFrame) -> str:
    """Return what a point is, and who is on the frontier."""
    best = points[points["frontier"]].sort_values("time_s")
    return captions.join(
        "A point is a whole network: layers times their counts; lower and further left "
        "is better.",
        f"On the frontier: {captions.listed(list(best['series']), 8)}.",
        captions.left_out(points, MOST),
        captions.place(points),
    )
