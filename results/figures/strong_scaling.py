"""Strong scaling in three panels: time, speed-up, efficiency."""

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results import scaling
from tenbin.results.figures.ladder import SERIES, described, three_panels
from tenbin.results.figures.series import mark_shown
from tenbin.results.figures.style import styled


def points(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the ladders with their gains, and which of them are drawn."""
    return mark_shown(scaling.strong(launches), SERIES)


@styled
def strong_scaling(points: pd.DataFrame) -> Figure:
    """Draw time with the ideal line through the reference, speed-up, efficiency."""
    return three_panels(points, lambda base, ratio: base / ratio, "speed-up")


def caption(points: pd.DataFrame) -> str:
    """Return what is shown: reference, statistic, machine, runs."""
    return described(points, "The same problem on more ranks.", "speed-up")
