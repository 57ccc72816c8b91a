"""A network layer by layer: relative error, bias, and excess over one rounding."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tenbin.results.figures import captions, conv_layers
from tenbin.results.figures.dots import Panel, dot_panels
from tenbin.results.figures.style import short, styled

BY, needs = conv_layers.BY, conv_layers.needs


def tiny(value: float, _: object = None) -> str:
    """Return a small number as a tick label."""
    return f"{value:.0e}".replace("e-0", "e-").replace("e+0", "e+")


PANELS = (
    Panel("relative_l2", "relative error", tiny),
    Panel("absolute_bias", "bias, either sign", tiny),
    Panel("excess", "excess over one rounding", tiny),
)


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the layers, with the size of their bias."""
    table = conv_layers.points(rows)
    return table.assign(absolute_bias=table["bias"].astype(float).abs())


@styled
def conv_accuracy(points: pd.DataFrame) -> Figure:
    """Draw a row per layer, and one for the worst of the network."""
    figure = dot_panels(points, PANELS, _text)
    conv_layers.title(figure, points)
    return figure


def _text(name: str, row: Any) -> str:
    numbers = f"error {row.relative_l2:.2g} · bias {row.bias:.1g}"
    return f"{row.place} · {short(name)} · {numbers} · excess {row.excess:.3g}"


def caption(points: pd.DataFrame) -> str:
    """Return what the numbers are relative to."""
    return captions.join(
        "Against float64 on the same rounded operands. Error: root mean square, "
        "relative to the result. Bias: mean signed error over the root mean square of "
        "the result. Excess: the largest error beyond one rounding of the result, in "
        "units of 2^-24 times the sum of absolute products. Zeros are not drawn. Last "
        "row: the worst layer.",
        captions.left_out(points, conv_layers.MOST),
        captions.place(points),
    )
