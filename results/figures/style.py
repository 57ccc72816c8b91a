"""What all figures look like: ink, palette, markers; nothing is set on import.

Colours are told apart with the common colour vision deficiencies and keep their
contrast on white and on near-black; markers tell series apart in grey.
"""

from functools import cache
from typing import Any, cast

import matplotlib as mpl
from matplotlib.font_manager import findfont, get_font

INK = "#262b33"  # the page replaces all of these by its own, light or dark
FAINT = "#9aa1ab"
PAPER = "#fefefe"

PALETTE = (
    *("#0077bb", "#ee7733", "#009988", "#cc3377"),
    *("#33a6dd", "#a67c00", "#8866cc", "#cc3311"),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))

FONT = "DejaVu Sans"
LONGEST = 30  # characters of a name inside a figure

STYLE: dict[str, Any] = {
    "font.family": FONT,
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.titlelocation": "left",
    "axes.titlepad": 8.0,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "figure.facecolor": PAPER,
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.size": 0.0,
    "ytick.minor.size": 0.0,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.5,
    "lines.solid_capstyle": "round",
    "svg.fonttype": "none",
    "svg.hashsalt": "tenbin",
    "pdf.fonttype": 3,
}

styled = mpl.rc_context(cast(Any, STYLE))


def colour(slot: int) -> str:
    """Return the colour of the variant with that number."""
    return PALETTE[slot % len(PALETTE)]


def marker(slot: int) -> str:
    """Return the marker of the variant; it shifts where the colours start again."""
    return MARKERS[(slot + slot // len(PALETTE)) % len(MARKERS)]


def short(text: object, longest: int = LONGEST) -> str:
    """Return text safe in a figure: one line, known glyphs, cut in the middle."""
    line = " ".join(str(text).split())
    if len(line) > longest:
        head = longest // 2
        line = f"{line[:head]}…{line[head + 1 - longest :]}"
    return "".join(c if ord(c) in _glyphs() else "?" for c in line)


@cache
def _glyphs() -> frozenset[int]:
    return frozenset(
        code for code in get_font(findfont(FONT)).get_charmap() if code > 31
    )
