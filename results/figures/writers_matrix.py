"""Writer x writer heat map: how often pairs of each cell are judged right.

writer   balanced pairs        unbalanced
  2      [ ][ ][#]             [#][#][ ]
  1      [ ][#][ ]             [#][ ][#]      diagonal: one writer
  0      [#][ ][ ]             [ ][#][#]
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from tenbin.results.figures import captions, writers
from tenbin.results.figures.layout import panels
from tenbin.results.figures.series import rows as each
from tenbin.results.figures.series import shown_series
from tenbin.results.figures.style import FAINT, INK, PAPER, short, styled
from tenbin.results.figures.told import tell

BY = (*writers.PLACE, "count", "variant")
SERIES = ["dtype", "pairs", "placement"]
WIDTH_IN, MOST_NUMBERS = 2.5, 12  # writers whose cells have room for a number


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per cell: the mean `right` of pairs of `first` and `second`."""
    made = []
    for _, runs in rows.groupby(SERIES, sort=False):
        row = writers.shared(runs, SERIES, ["same_recall", "different_recall"])
        cells = np.mean(runs["matrix"].tolist(), axis=0)
        for (first, second), right in np.ndenumerate(cells):
            made.append(row | {"first": first, "second": second, "right": right})
    return writers.marked(pd.DataFrame(made))


@styled
def writers_matrix(points: pd.DataFrame) -> Figure:
    """Draw a panel for each kind of pairs; the stronger the colour, the more right."""
    series = shown_series(points)
    figure, axes = panels(len(series), WIDTH_IN, WIDTH_IN)
    for one, kind in zip(axes, series, strict=True):
        for row in each(kind.points):
            _cell(one, row, kind.colour, numbered=row.count <= MOST_NUMBERS)
        told = [_text(row) for row in each(kind.points)]
        tell(one, kind.points["second"], kind.points["first"], told)
        _finish(one, kind.points.iloc[0])
    axes[0].set_ylabel("writer of one image")
    writers.title(figure, points)
    return figure


def _cell(axes: Axes, row: Any, colour: str, *, numbered: bool) -> None:
    place = (row.second - 0.5, row.first - 0.5)
    looks: dict[str, Any] = {
        "facecolor": colour,
        "alpha": 0.04 + 0.86 * row.right,
        "linewidth": 0.0,
    }
    axes.add_patch(Rectangle(place, 1.0, 1.0, **looks))
    if row.first == row.second:
        edge: dict[str, Any] = {"edgecolor": INK, "linewidth": 0.6}
        axes.add_patch(Rectangle(place, 1.0, 1.0, facecolor="none", zorder=3, **edge))
    if numbered:
        ink = PAPER if row.right > 0.6 else INK
        where: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": 5.5,
            "zorder": 4,
        }
        axes.text(row.second, row.first, f"{100 * row.right:.0f}", color=ink, **where)


def _finish(axes: Axes, first: Any) -> None:
    count = int(first["count"])
    axes.set_xlim(-0.5, count - 0.5)
    axes.set_ylim(-0.5, count - 0.5)
    for scale in (axes.xaxis, axes.yaxis):
        scale.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_xlabel("writer of the other")
    recall = f"same {first['same_recall']:.0%}, two {first['different_recall']:.0%}"
    axes.set_title(f"{short(first['pairs'])}: {recall}")
    axes.tick_params(length=0, colors=FAINT)
    for side in axes.spines.values():
        side.set_visible(False)


def _text(row: Any) -> str:
    who = f"writers {row.first} and {row.second}"
    return f"{short(row.pairs)} · {who} · {row.right:.1%} judged right"


def caption(points: pd.DataFrame) -> str:
    """Return what a cell is."""
    return captions.join(
        "Cell: share of the test pairs of two writers that are judged right, in "
        "percent, mean over runs. Framed: pairs by one writer, right if judged the "
        "same; others are right if judged different.",
        writers.about(points),
    )
