"""Weak scaling in three panels: time, throughput, efficiency."""

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results import scaling
from tenbin.results.figures import captions
from tenbin.results.figures.ladder import (
    SERIES,
    finish,
    gain_panel,
    marks,
    rank_panels,
    time_panel,
    title,
)
from tenbin.results.figures.series import mark_shown, shown_series
from tenbin.results.figures.style import styled

BARS = (
    "order statistics over launches for the time ({level} coverage), 95 % bootstrap "
    "over launches for throughput and efficiency, cut where they leave the panel"
)


def points(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the ladders with their gains, and which of them are drawn."""
    return mark_shown(scaling.weak(launches), SERIES)


@styled
def weak_scaling(points: pd.DataFrame) -> Figure:
    """Draw time with the flat ideal line, relative throughput, efficiency."""
    series = shown_series(points)
    figure, panels = rank_panels(series)
    time, throughput, efficiency = panels
    time_panel(time, series, ideal=lambda base, ratio: base + 0 * ratio)
    gain_panel(throughput, series, "speedup", ideal=lambda ratio: ratio)
    throughput.set_title("throughput over the reference")
    gain_panel(efficiency, series, "efficiency", ideal=lambda ratio: 0 * ratio + 1)
    title(figure, points)
    finish(panels, series)
    return figure


def caption(points: pd.DataFrame) -> str:
    """Return what is shown: the proof of constant work, reference, statistic, runs."""
    spread = points["work_spread"].max()
    proof = f"Work per rank is constant within {100 * spread:.1f} %."
    if spread > scaling.TOLERANCE:
        proof = (
            f"Work per rank varies by {100 * spread:.0f} %: this is not weak scaling."
        )
    names = points.loc[points["shown"], ["series", "baseline"]].drop_duplicates()
    bases = [f"{row.series}: {row.baseline}" for row in names.itertuples()]
    return captions.join(
        f"The problem grows with the ranks. {proof}",
        f"Reference: {captions.listed(bases, 6)}. Thin grey: ideal.",
        captions.statistic(points, BARS),
        marks(points),
        captions.left_out(points),
        captions.place(points),
    )
