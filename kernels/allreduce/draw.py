"""The space-time diagram of a schedule, as SVG: ranks downwards, rounds to the right.

    rank 0  o--.   o      a line from src to dst over the width of its round;
                \\  |      add: solid, copy: dashed; colour: inside or between nodes;
    rank 1  o    `-o      the more of the buffer it carries the thicker

Nodes are bands behind their ranks. Plain SVG text, no script, no font file.
"""

from collections.abc import Sequence
from html import escape
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from tenbin.errors import UsageError
from tenbin.kernels.allreduce.schedule import Rows, Schedule

MOST_RANKS, MOST_ROUNDS = 64, 256
ROW, COLUMN = 26.0, 64.0  # px per rank and round
LEFT, TOP, RIGHT, BOTTOM = 76.0, 84.0, 24.0, 56.0
LEAST_WIDTH = 560.0  # so that the legend fits
INK, FAINT, BAND = "#222222", "#8a8a8a", "#f3f4f6"
INTRA, INTER = "#0072b2", "#d55e00"  # Okabe and Ito: told apart by everyone
FONT = "font-family='Helvetica, Arial, sans-serif'"


def draw(schedule: Schedule, nodes: Sequence[int] | NDArray[np.int_]) -> str:
    """Return the SVG of a schedule, rank r being on node `nodes[r]`.

    Raises UsageError for more ranks or rounds than a page can show.
    """
    if schedule.ranks > MOST_RANKS or schedule.rounds > MOST_ROUNDS:
        raise UsageError(
            f"{schedule.ranks} ranks in {schedule.rounds} rounds are more than a "
            f"diagram shows ({MOST_RANKS} in {MOST_ROUNDS})"
        )
    place = np.asarray(nodes)
    width = max(LEFT + COLUMN * schedule.rounds + RIGHT, LEAST_WIDTH)
    height = TOP + ROW * schedule.ranks + BOTTOM
    body = [
        *_head(schedule),
        *_bands(place, LEFT + COLUMN * schedule.rounds + 10),
        *_grid(schedule),
    ]
    for number, rows in enumerate(schedule):
        body += _messages(rows, number, place, schedule.chunks)
    body += _legend(height - 20)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width:g}' "
        f"height='{height:g}' viewBox='0 0 {width:g} {height:g}' {FONT}>\n"
        f"<rect width='100%' height='100%' fill='white'/>\n"
        + "\n".join(body)
        + "\n</svg>\n"
    )


def _text(x: float, y: float, text: str, size: int = 11, more: str = "") -> str:
    colour = "" if "fill=" in more else f" fill='{INK}'"
    return (
        f"<text x='{x:g}' y='{y:g}' font-size='{size}'{colour} {more}>"
        f"{escape(text)}</text>"
    )


def _head(schedule: Schedule) -> list[str]:
    rounds = f"{schedule.rounds} round{'s' * (schedule.rounds != 1)}"
    facts = f"{schedule.ranks} ranks, {rounds}, {schedule.chunks} chunks"
    return [
        _text(16, 30, schedule.name, 17, "font-weight='600'"),
        _text(16, 50, facts, 12, f"fill='{FAINT}'"),
    ]


def _y(rank: float) -> float:
    return TOP + ROW * (rank + 0.5)


def _bands(place: NDArray[np.int_], right: float) -> list[str]:
    """Shade every other node, in runs of neighbouring ranks."""
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    ends = np.append(starts[1:], len(place))
    return [
        f"<rect x='10' y='{TOP + ROW * first:g}' width='{right - 10:g}' "
        f"height='{ROW * (last - first):g}' fill='{BAND}'/>"
        for first, last in zip(starts, ends, strict=True)
        if place[first] % 2 == 0
    ]


def _grid(schedule: Schedule) -> list[str]:
    right = LEFT + COLUMN * schedule.rounds
    quiet = f"text-anchor='end' fill='{FAINT}'"
    lines = [_text(LEFT - 10, TOP - 8, "round", 11, quiet)]
    for rank in range(schedule.ranks):
        y = _y(rank)
        lines.append(
            f"<line x1='{LEFT:g}' y1='{y:g}' x2='{right:g}' y2='{y:g}' "
            f"stroke='#d0d3d8' stroke-width='1'/>"
        )
        label = f"rank {rank}"
        lines.append(_text(LEFT - 10, y + 4, label, 11, "text-anchor='end'"))
    for number in range(schedule.rounds):
        x = LEFT + COLUMN * (number + 0.5)
        middle = f"text-anchor='middle' fill='{FAINT}'"
        lines.append(_text(x, TOP - 8, str(number), 11, middle))
    return lines


def _messages(
    rows: Rows, number: int, place: NDArray[np.int_], chunks: int
) -> list[str]:
    """Draw the messages of a round; ends stay clear of the next round."""
    begin = LEFT + COLUMN * number + 4
    end = begin + COLUMN - 10
    lines = []
    for _, src, dst, _, count, reduce in rows.tolist():
        colour = INTRA if place[src] == place[dst] else INTER
        thick = 0.8 + 2.4 * sqrt(count / chunks)
        dashes = "" if reduce else " stroke-dasharray='4 3'"
        lines.append(
            f"<path d='M{begin:g} {_y(src):g}L{end:g} {_y(dst):g}' stroke='{colour}' "
            f"stroke-width='{thick:.2f}' stroke-opacity='0.75' fill='none'{dashes}/>"
            f"<circle cx='{end:g}' cy='{_y(dst):g}' r='2.6' fill='{colour}'/>"
        )
    return lines


def _legend(y: float) -> list[str]:
    entries = [
        ("inside a node", INTRA, ""),
        ("between nodes", INTER, ""),
        ("added", INK, ""),
        ("copied", INK, " stroke-dasharray='4 3'"),
    ]
    lines = []
    for index, (label, colour, dashes) in enumerate(entries):
        x = 16 + 128 * index
        lines.append(
            f"<line x1='{x}' y1='{y - 4:g}' x2='{x + 26}' y2='{y - 4:g}' "
            f"stroke='{colour}' stroke-width='2'{dashes}/>"
        )
        lines.append(_text(x + 34, y, label))
    return lines
