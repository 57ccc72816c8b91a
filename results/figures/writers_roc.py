"""ROC of writer identification, with the point where both kinds of pair fail alike."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tenbin.results.figures import captions, doubt, writers
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import shown_series
from tenbin.results.figures.style import FAINT, short, styled
from tenbin.results.figures.told import tell

BY = (*writers.PLACE, "count")
SERIES = ["variant", "dtype", "pairs", "placement"]


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean curves, `y` at `x`, of each head and kind of pairs."""
    made = []
    for _, runs in rows.groupby(SERIES, sort=False):
        row = writers.shared(runs, SERIES, ["auroc", "equal_error"])
        curve = np.mean(runs["tpr"].tolist(), axis=0)
        x = np.linspace(0.0, 1.0, len(curve))
        made += [row | {"x": a, "y": b} for a, b in zip(x, curve, strict=True)]
    return writers.marked(pd.DataFrame(made))


@styled
def writers_roc(points: pd.DataFrame) -> Figure:
    """Draw a line per series, a marker at its equal error rate."""
    series = shown_series(points)
    names = doubt.named(series, "equal_error", "{:.1%}")
    figure, (axes,) = panels(1, 2.6, 2.6, right_in=room_in(names) + 0.45)
    count = points["count"].iloc[0]
    what = f"one writer or two, of {count}"
    doubt.unit_square(axes, "two judged one", "one judged one", what)
    axes.plot([0, 1], [1, 0], color=FAINT, linewidth=0.7, linestyle=":")
    for one in series:
        look: dict[str, Any] = {"color": one.colour, "linestyle": one.dash}
        axes.plot(one.points["x"], one.points["y"], **look)
        rate = float(one.points["equal_error"].iloc[0])
        axes.plot([rate], [1 - rate], one.marker, color=one.colour, zorder=4)
        numbers = f"equal error {rate:.1%} · AUROC {one.points['auroc'].iloc[0]:.3f}"
        tell(axes, [rate], [1 - rate], [f"{short(one.name)} · {numbers}"])
    doubt.key(axes, series, names)
    writers.title(figure, points)
    return figure


def caption(points: pd.DataFrame) -> str:
    """Return what the numbers are."""
    return captions.join(
        "Marker and number: the equal error rate, where as many pairs by two writers "
        "are judged one as pairs by one are not. Grey: guessing. Curves are means, "
        "rates medians.",
        writers.about(points),
    )
