"""Histograms of predictive entropy: the test set, and what is no digit at all."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from tenbin.results.figures import captions
from tenbin.results.figures import doubt as shared
from tenbin.results.figures.axes import grid
from tenbin.results.figures.layout import panels
from tenbin.results.figures.series import shown_series
from tenbin.results.figures.style import FAINT, INK, short, styled
from tenbin.results.figures.told import tell

MOST = 4  # panels


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the shares `inside` and `outside` of each method's bins of entropy."""
    made = []
    for runs in shared.methods(rows[rows["entropy_edges"].notna()]):
        edges = runs["entropy_edges"].iloc[0]
        sides = (np.mean(runs[f"entropy_{side}"].tolist(), axis=0)
                 for side in ("in", "out"))  # fmt: skip
        row = shared.shared(runs)
        for low, high, one, other in zip(edges, edges[1:], *sides, strict=False):
            place = {"low": low, "high": high, "inside": one, "outside": other}
            made.append(row | place)
    return shared.marked(pd.DataFrame(made), MOST)


@styled
def uncertainty_entropy(points: pd.DataFrame) -> Figure:
    """Draw a panel per method, the test set filled, the outsiders as a line."""
    series = shown_series(points)
    figure, axes = panels(len(series), 1.75, 1.75)
    drawn = points[points["shown"]]
    top = 1.08 * float(max(drawn["inside"].max(), drawn["outside"].max()))
    for axes_of, one in zip(axes, series, strict=True):
        edges = [*one.points["low"], float(one.points["high"].iloc[-1])]
        inside, outside = one.points["inside"], one.points["outside"]
        axes_of.stairs(inside, edges, fill=True, color=FAINT, alpha=0.55)
        axes_of.stairs(outside, edges, color=one.colour, linewidth=1.4)
        middle = (one.points["low"] + one.points["high"]) / 2
        for values, name in ((inside, "test set"), (outside, "letters")):
            told = [f"{short(one.name)} · {name} · {v:.1%}" for v in values]
            tell(axes_of, middle, values, told)
        axes_of.set_ylim(0.0, top)
        axes_of.set_xlim(0.0, edges[-1])
        axes_of.yaxis.set_major_formatter("{x:.0%}")
        axes_of.set_title(short(one.name))
        axes_of.set_xlabel("entropy, nats")
        grid(axes_of)
    look: dict[str, Any] = {
        "transform": axes[0].transAxes,
        "ha": "right",
        "fontsize": 7.5,
    }
    axes[0].text(0.97, 0.9, "filled: test set", color=INK, **look)
    axes[0].text(0.97, 0.8, "line: letters", color=series[0].colour, **look)
    shared.title(figure, points)
    return figure


def caption(points: pd.DataFrame) -> str:
    """Return what is compared."""
    return captions.join(
        "Share of images by the entropy of their prediction, from knowing to guessing. "
        "Letters are no digits: the further right the better.",
        shared.about(points),
    )
