"""Weak scaling in three panels: time, throughput, efficiency."""

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results import scaling
from tenbin.results.figures.ladder import SERIES, described, three_panels
from tenbin.results.figures.series import mark_shown
from tenbin.results.figures.style import styled


def points(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the ladders with their gains, and which of them are drawn."""
    return mark_shown(scaling.weak(launches), SERIES)


@styled
def weak_scaling(points: pd.DataFrame) -> Figure:
    """Draw time with the flat ideal line, relative throughput, efficiency."""
    gain = "throughput over the reference"
    return three_panels(points, lambda base, ratio: base + 0 * ratio, gain)


def caption(points: pd.DataFrame) -> str:
    """Return what is shown: the proof of constant work, reference, statistic, runs."""
    spread = points["work_spread"].max()
    proof = f"Work per rank is constant within {100 * spread:.1f} %."
    if spread > scaling.TOLERANCE:
        proof = (
            f"Work per rank varies by {100 * spread:.0f} %: this is not weak scaling."
        )
    return described(points, f"The problem grows with the ranks. {proof}", "throughput")
