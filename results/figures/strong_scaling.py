"""Strong scaling in three panels: time, speed-up, efficiency."""

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
    "over launches for speed-up and efficiency, cut where they leave the panel"
)


def points(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the ladders with their gains, and which of them are drawn."""
    return mark_shown(scaling.strong(launches), SERIES)


@styled
def strong_scaling(points: pd.DataFrame) -> Figure:
    """Draw time with the ideal line through the reference, speed-up, efficiency."""
    series = shown_series(points)
    figure, panels = rank_panels(series)
    time, speedup, efficiency = panels
    time_panel(time, series, ideal=lambda base, ratio: base / ratio)
    gain_panel(speedup, series, "speedup", ideal=lambda ratio: ratio)
    gain_panel(efficiency, series, "efficiency", ideal=lambda ratio: 0 * ratio + 1)
    title(figure, points)
    finish(panels, series)
    return figure


def caption(points: pd.DataFrame) -> str:
    """Return what is shown: reference, statistic, machine, runs."""
    names = points.loc[points["shown"], ["series", "baseline"]].drop_duplicates()
    bases = [f"{row.series}: {row.baseline}" for row in names.itertuples()]
    return captions.join(
        "The same problem on more ranks.",
        f"Reference: {captions.listed(bases, 6)}. Thin grey: ideal.",
        captions.statistic(points, BARS),
        marks(points),
        captions.left_out(points),
        captions.place(points),
    )
