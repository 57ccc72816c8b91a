"""Points that tell their values: what the page shows under the pointer.

A picture on paper is not changed by them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tenbin.units import format_bytes, format_rate, format_time

Style = Callable[[float], str]

MOST = 1500  # points of a figure that tell their values
STYLES: dict[str, Style] = {
    "time_s": format_time,
    "message_bytes": format_bytes,
    "ranks": lambda value: f"{value:.0f} {'rank' if value == 1 else 'ranks'}",
    "busbw_byte_per_s": lambda value: format_rate(value, "B/s"),
    "flop_per_s": lambda value: format_rate(value, "FLOP/s"),
    "efficiency": lambda value: f"{100 * value:.1f} %",
    "speedup": "{:.3g} times".format,
    "ratio": "{:.3g} times".format,
    "intensity": lambda value: f"{value:.3g} FLOP per byte",
}


class ToldPoints(Line2D):
    """An invisible line whose points have a text each."""

    def __init__(self, x: Any, y: Any, texts: Sequence[str], **look: Any) -> None:
        super().__init__(x, y, linestyle="none", marker="none", **look)
        self.texts = list(texts)


@dataclass(frozen=True)
class Told:
    """Where a point is in the picture, in points from its top left, and its text."""

    x: float
    y: float
    text: str


def tell(axes: Axes, x: Any, y: Any, texts: Sequence[str], **look: Any) -> None:
    """Give the points at x, y their texts, one for each."""
    axes.add_line(ToldPoints(x, y, texts, **look))


def styled_value(name: str, value: float) -> str:
    """Return the value of a column with its unit.

    >>> styled_value("efficiency", 0.5), styled_value("ranks", 1.0)
    ('50.0 %', '1 rank')
    """
    return STYLES.get(name, "{:.4g}".format)(value)


def told(figure: Figure) -> list[Told]:
    """Return the visible points with a text, panel by panel, from left to right."""
    found: list[Told] = []
    scale = 72.0 / figure.dpi
    height = float(figure.get_size_inches()[1]) * 72.0
    for axes in figure.axes:
        inside = axes.get_window_extent().padded(1.0)
        points = []
        for line in axes.lines:
            if isinstance(line, ToldPoints):
                places = line.get_transform().transform(line.get_xydata())
                points += [
                    Told(float(x) * scale, height - float(y) * scale, text)
                    for (x, y), text in zip(places, line.texts, strict=True)
                    if inside.contains(x, y)
                ]
        found += sorted(points, key=lambda point: (round(point.x), point.y))
    return found[:MOST]
