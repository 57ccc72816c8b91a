"""Where panels and words go, in inches: long names get room, panels keep their size."""

from collections.abc import Iterable
from functools import cache

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont, get_font

from tenbin.results.figures.style import FONT, short

TOP_IN, BOTTOM_IN, LEFT_IN, GAP_IN = 0.62, 0.46, 0.62, 0.56


def panels(
    count: int,
    width_in: float,
    height_in: float,
    *,
    left_in: float = LEFT_IN,
    right_in: float = 0.25,
    bottom_in: float = BOTTOM_IN,
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels of that size side by side; no pyplot is involved."""
    total = left_in + count * width_in + (count - 1) * GAP_IN + right_in
    tall = TOP_IN + height_in + bottom_in
    figure = Figure(figsize=(total, tall))
    starts = [left_in + i * (width_in + GAP_IN) for i in range(count)]
    size = (width_in / total, height_in / tall)
    axes = [figure.add_axes((x / total, bottom_in / tall, *size)) for x in starts]
    return figure, axes


def room_in(names: Iterable[str]) -> float:
    """Return the width that the longest of the names needs beside a panel."""
    return 0.25 + max((text_width_in(short(name)) for name in names), default=0.2)


@cache
def text_width_in(text: str, points: float = 8.0) -> float:
    """Return how wide a line of text is when drawn."""
    font = get_font(findfont(FONT))
    font.set_size(points, 72.0)
    font.set_text(text)
    return float(font.get_width_height()[0]) / 64.0 / 72.0


def header(figure: Figure, *parts: object) -> None:
    """Say at the top left what was measured and where."""
    text = " · ".join(short(part, 26) for part in parts if str(part))
    width, height = figure.get_size_inches()
    longest = int((width - 0.2) / 0.078)
    figure.text(
        0.1 / width,
        1.0 - 0.1 / height,
        short(text, longest),
        va="top",
        fontsize=8.5,
        fontweight="bold",
    )


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> counted(1, "rank"), counted(4, "rank")
    ('1 rank', '4 ranks')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
