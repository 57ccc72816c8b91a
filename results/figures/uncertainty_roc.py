"""ROC of doubt: does confidence find wrong answers, does entropy find outsiders."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tenbin.results import doubt
from tenbin.results.figures import captions
from tenbin.results.figures import doubt as shared
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import Series, shown_series
from tenbin.results.figures.style import short, styled
from tenbin.results.figures.told import tell

TITLES = {"errors": "right from wrong answers", "outside": "letters from the test set"}
RECALL = 0.95


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean curves, `y` at `x`, of each method and `side`."""
    made = []
    for runs in shared.methods(rows):
        for side in doubt.SIDES:
            told = runs[runs[f"{side}_tpr"].notna()]
            if told.empty:
                continue
            curve = np.mean(told[f"{side}_tpr"].tolist(), axis=0)
            row = shared.shared(told) | {"side": side}
            row |= {w: told[f"{side}_{w}"].mean() for w in ("auroc", "fpr_at_95")}
            x = np.linspace(0.0, 1.0, len(curve))
            made += [row | {"x": a, "y": b} for a, b in zip(x, curve, strict=True)]
    return shared.marked(pd.DataFrame(made))


@styled
def uncertainty_roc(points: pd.DataFrame) -> Figure:
    """Draw a panel for each side; a dot where 95 % are found."""
    sides = [side for side in doubt.SIDES if side in set(points["side"])]
    drawn = {side: shown_series(points[points["side"] == side]) for side in sides}
    last = drawn[sides[-1]]
    names = shared.named(last, "auroc", "{:.3f}")
    figure, axes = panels(len(sides), 2.4, 2.4, right_in=room_in(names) + 0.25)
    for one, side in zip(axes, sides, strict=True):
        shared.unit_square(one, "false positives", "", TITLES[side])
        for series in drawn[side]:
            _draw(one, series)
    axes[0].set_ylabel("true positives")
    shared.key(axes[-1], last, names)
    shared.title(figure, points)
    return figure


def _draw(axes: Axes, series: Series) -> None:
    first = series.points.iloc[0]
    look: dict[str, Any] = {"color": series.colour, "linestyle": series.dash}
    axes.plot(series.points["x"], series.points["y"], **look)
    x = [float(first["fpr_at_95"])]
    axes.plot(x, [RECALL], series.marker, color=series.colour, zorder=4)
    numbers = f"AUROC {first['auroc']:.4f} · {x[0]:.1%} false positives at 95 %"
    tell(axes, x, [RECALL], [f"{short(series.name)} · {numbers}"])


def caption(points: pd.DataFrame) -> str:
    """Return which scores the curves are of."""
    return captions.join(
        "Left: answers are called right by their largest probability. Right: images "
        "are called letters by the entropy of the prediction. Number: AUROC of the "
        "last panel. Dot: 95 % are found. Grey: guessing.",
        shared.about(points),
    )
