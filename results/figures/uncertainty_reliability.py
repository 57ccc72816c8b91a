"""Reliability diagram: how often answers of a confidence are right."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tenbin.results.figures import captions
from tenbin.results.figures import doubt as shared
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import rows as each
from tenbin.results.figures.series import shown_series
from tenbin.results.figures.style import short, styled
from tenbin.results.figures.told import tell

FEWEST = 5  # answers of a bin that is drawn


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return accuracy `y` at confidence `x` of each method's bins, over its runs."""
    made = []
    for runs in shared.methods(rows):
        row = shared.shared(runs) | {"ece": runs["ece"].mean()}
        row["bins"] = int(runs["ece_bins"].iloc[0])
        bins = np.array([b for told in runs["reliability"] for b in told])
        place = np.ceil(bins[:, 1] * row["bins"]).astype(int)
        for number in sorted(set(place)):
            count, *sides = bins[place == number].T
            x, y = (float(np.average(side, weights=count)) for side in sides)
            made.append(row | {"x": x, "y": y, "count": int(count.sum())})
    return shared.marked(pd.DataFrame(made))


@styled
def uncertainty_reliability(points: pd.DataFrame) -> Figure:
    """Draw a line per method; on the diagonal confidence means what it says."""
    series = shown_series(points[points["count"] >= FEWEST])
    names = shared.named(series, "ece", "{:.4f}")
    figure, (axes,) = panels(1, 2.6, 2.6, right_in=room_in(names) + 0.25)
    shared.unit_square(axes, "confidence", "accuracy", "reliability")
    for one in series:
        x, y = one.points["x"], one.points["y"]
        look: dict[str, Any] = {
            "color": one.colour,
            "linestyle": one.dash,
            "clip_on": False,
        }
        axes.plot(x, y, marker=one.marker, **look)
        tell(axes, x, y, [_text(one.name, row) for row in each(one.points)])
    shared.key(axes, series, names)
    shared.title(figure, points)
    return figure


def _text(name: str, row: Any) -> str:
    numbers = f"confidence {row.x:.1%} · right {row.y:.1%} · {row.count} answers"
    return f"{short(name)} · {numbers}"


def caption(points: pd.DataFrame) -> str:
    """Return the bins, and what the number is."""
    return captions.join(
        f"Answers in {points['bins'].iloc[0]} bins of equal width by their largest "
        f"probability, drawn from {FEWEST} answers on. Below the grey line: too sure. "
        "Number: expected calibration error.",
        shared.about(points),
    )
