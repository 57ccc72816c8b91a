"""Dots of several series beside each other, one row per layer, one panel per number.

conv1    o     |   o      |       o
            s  |        s |  s
conv2     o    |    o     |      o
            s  |      s   |  s
         time    speed-up   % of peak
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from tenbin.results.figures.axes import grid, log_ticks, plain_label
from tenbin.results.figures.layout import panels, room_in, text_width_in
from tenbin.results.figures.series import Series, rows, shown_series
from tenbin.results.figures.style import FAINT, INK, short
from tenbin.results.figures.told import tell

ROW_IN, WIDTH_IN, LINE_IN = 0.23, 1.75, 0.17
APART = 0.3  # of an axis between ticks
BAND = 0.6  # of a row, over which its series are spread
LABEL = 24  # characters of a layer's name


@dataclass(frozen=True)
class Panel:
    """One number: its column, its name, and a line that marks a value of it.

    A linear axis reaches at least as far as `least` on both sides of the line.
    """

    column: str
    title: str
    label: Callable[[float, object], str] = plain_label
    log: bool = True
    line: float | None = None
    least: float = 0.0


def dot_panels(
    points: pd.DataFrame, wanted: Sequence[Panel], text: Callable[[str, Any], str]
) -> Figure:
    """Draw the shown series; `text` says what a point tells under the pointer."""
    names = dict(points.sort_values("number").groupby("number")["place"].first())
    place = {number: row for row, number in enumerate(names)}
    series = sorted(shown_series(points), key=lambda one: (one.slot, one.turn))
    tall = ROW_IN * len(names) + 0.1
    width = len(wanted) * (WIDTH_IN + 0.5)
    lines = _key_lines(series, width)
    figure, axes = panels(
        len(wanted),
        WIDTH_IN,
        tall,
        left_in=room_in(short(name, LABEL) for name in names.values()),
        bottom_in=0.4 + LINE_IN * len(lines),
    )
    for one, panel in zip(axes, wanted, strict=True):
        _draw(one, panel, series, place, text)
        one.set_yticks(range(len(names)), [short(n, LABEL) for n in names.values()])
        one.set_ylim(len(names) - 0.4, -0.6)
        one.tick_params(axis="y", length=0, labelleft=one is axes[0])
        one.set_title(panel.title)
    _key(axes[0], lines, tall)
    return figure


def _draw(
    axes: Axes,
    panel: Panel,
    series: Sequence[Series],
    place: dict[int, int],
    text: Callable[[str, Any], str],
) -> None:
    line, least = panel.line, panel.least
    seen: list[float] = [] if line is None else [line - least, line + least]
    for turn, one in enumerate(series):
        points = one.points[one.points[panel.column].notna()]
        shift = BAND * ((turn + 0.5) / len(series) - 0.5)
        x = points[panel.column].astype(float).to_numpy()
        keep = x > 0.0 if panel.log else x == x
        points, x = points[keep], x[keep]
        y = [place[number] + shift for number in points["number"]]
        axes.plot(x, y, one.marker, color=one.colour, alpha=0.85, zorder=3)
        tell(axes, x, y, [text(one.name, row) for row in rows(points)])
        seen += list(x)
    if panel.line is not None:
        axes.axvline(panel.line, color=FAINT, linewidth=0.9, zorder=1)
    _scale(axes, panel, seen or [1.0])
    grid(axes, "both")


def _scale(axes: Axes, panel: Panel, seen: Sequence[float]) -> None:
    low, high = min(seen), max(seen)
    if not panel.log:
        room = 0.06 * max(high - low, high, 1e-30)
        axes.set_xlim(min(0.0, low - room), high + room)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(FuncFormatter(panel.label))
        return
    room = max((high / low) ** 0.06, 1.12)
    axes.set_xscale("log")
    axes.set_xlim(low / room, high * room)
    ticks = log_ticks(low / room, high * room)
    axes.xaxis.set_major_locator(FixedLocator(_apart(ticks, high / low)))
    axes.xaxis.set_major_formatter(FuncFormatter(panel.label))
    axes.xaxis.set_minor_locator(NullLocator())


def _apart(ticks: Sequence[float], span: float) -> list[float]:
    """Return ticks far enough apart for their labels, a share APART of the axis."""
    kept = list(ticks[:1])
    for tick in ticks[1:]:
        if tick / kept[-1] >= span**APART:
            kept.append(tick)
    return kept


def _key_lines(series: Sequence[Series], width_in: float) -> list[list[Series]]:
    """Return the series line by line, as many as fit beside each other."""
    widest = max((text_width_in(short(one.name)) for one in series), default=1.0)
    each = max(1, int(width_in / (widest + 0.4)))
    return [list(series[i : i + each]) for i in range(0, len(series), each)]


def _key(axes: Axes, lines: Sequence[Sequence[Series]], tall_in: float) -> None:
    """Name the series beside their markers, below the axes."""
    named = [one for line in lines for one in line]
    step = 0.4 + max((text_width_in(short(one.name)) for one in named), default=1.0)
    for number, line in enumerate(lines):
        y = -(0.45 + LINE_IN * number) / tall_in
        for column, one in enumerate(line):
            x = column * step / WIDTH_IN
            where: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
            axes.plot([x], [y], one.marker, color=one.colour, **where)
            axes.text(x + 0.07, y, short(one.name), color=INK, va="center", **where)
