"""A trained net in every precision: time of an image, speed-up, change of top-1."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results import answers
from tenbin.results.figures import captions
from tenbin.results.figures.axes import plain_label, time_label
from tenbin.results.figures.dots import Panel, dot_panels
from tenbin.results.figures.layout import counted, header
from tenbin.results.figures.series import mark_shown
from tenbin.results.figures.style import short, styled
from tenbin.results.figures.told import styled_value

BY, needs, spread = tuple(answers.TASK), answers.needs, answers.spread
SERIES = ["variant", "dtype"]
MOST = 10
A_POINT = 0.01


def points_label(share: float, _: object = None) -> str:
    """Return a difference of shares in percentage points."""
    return f"{100 * share:+.2g}"


PANELS = (
    Panel("image_s", "time of an image", time_label),
    Panel("speedup", "speed-up over fp32", plain_label, line=1.0),
    Panel("top1_change", "change of top-1, points", points_label, False, 0.0, A_POINT),
)


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the answers; `place` names the precision."""
    table = answers.answers(rows)
    return mark_shown(table.assign(place=table["precision"]), SERIES, MOST)


@styled
def inference(points: pd.DataFrame) -> Figure:
    """Draw a row per precision."""
    figure = dot_panels(points, PANELS, _text)
    first = points.iloc[0]
    threads = counted(first["threads"], "thread")
    header(
        figure, f"{answers.NETWORK} on {first['dataset']}", threads, first["machine"]
    )
    return figure


def _text(name: str, row: Any) -> str:
    said = [row.place, short(name), styled_value("time_s", row.image_s)]
    if row.top1 == row.top1:
        said.append(f"top-1 {row.top1:.2%} ({100 * row.top1_change:+.2f})")
        said.append(f"{row.changed_answers:.0f} of {row.images} answers changed")
    return " · ".join(said)


def caption(points: pd.DataFrame) -> str:
    """Return what the names of the precisions mean, and what is left out."""
    return captions.join(
        "A net trained in float32, its weights rounded. fp32; dfp16: data in float16, "
        "sums in float32; mfp16: sums in float16, too; bf16: data in bfloat16. Change "
        "of top-1: against the answers in float64, in percentage points.",
        captions.left_out(points, MOST),
        captions.place(points),
    )
