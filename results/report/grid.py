"""Tables of the page: which columns, as text for reading and as keys for sorting."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tenbin.results.figures.series import rows
from tenbin.units import format_bytes, format_rate, format_time

MOST_ROWS = 1000
LONGEST = 160  # characters of a cell


@dataclass(frozen=True)
class Column:
    """A column: its title, its text for a row, and what it sorts by; text if no key.

    A column that is `telling` only by its differences goes where there are none.
    """

    title: str
    text: Callable[[Any], str]
    key: Callable[[Any], float] | None = None
    telling: bool = False


@dataclass(frozen=True)
class Cell:
    """What a cell shows; `key` sorts numeric columns."""

    text: str
    key: str = ""


@dataclass(frozen=True)
class Grid:
    """A table ready for the page; `total` counts the rows before the cap."""

    name: str
    titles: list[tuple[str, bool]]
    body: list[list[Cell]]
    total: int


def number(name: str, style: Callable[[float], str]) -> tuple[Any, Any]:
    """Return text and key of a numeric column; an absent number is an empty cell."""

    def text(row: Any) -> str:
        value = getattr(row, name)
        return style(value) if value == value else ""

    return text, lambda row: getattr(row, name)


def word(name: str) -> Callable[[Any], str]:
    """Return the text of a column, cut to what a cell can hold."""
    return lambda row: cut(str(getattr(row, name)))


def cut(text: str, longest: int = LONGEST) -> str:
    """Return text, its end replaced by dots where it is too long."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def count(value: float) -> str:
    """Return a whole number."""
    return f"{value:.0f}"


def known(value: float) -> str:
    """Return a whole number; none where 0 stands for "nobody says"."""
    return count(value) if value else ""


def percent(value: float) -> str:
    """Return a share in percent.

    >>> percent(0.876), percent(0.88), percent(12.3)
    ('87.6 %', '88.0 %', '1230 %')
    """
    return f"{100 * value:.{0 if value >= 10 else 1}f} %"


def points(value: float) -> str:
    """Return a difference of shares in percentage points.

    >>> points(-0.0012), points(0.0)
    ('-0.12', '0.00')
    """
    return f"{100 * value:+.2f}" if value else "0.00"


def rate(unit: str) -> Callable[[float], str]:
    """Return the style of a rate."""
    return lambda value: format_rate(value, unit)


def interval(row: Any) -> str:
    """Return the interval of a time, or why there is none."""
    if row.low_s != row.low_s:
        return str(row.interval)
    return f"{format_time(row.low_s)} to {format_time(row.high_s)}"


def _status(row: Any) -> str:
    if not row.failed:
        return str(row.status)
    return f"{row.status} ({row.failed} of {row.attempts})"


NAMES = (
    Column("variant", word("variant")),
    Column("dtype", word("dtype")),
    Column("problem", word("label")),
    Column("message", *number("message_bytes", format_bytes)),
    Column("ranks", *number("ranks", count)),
    Column("nodes", *number("nodes", known), telling=True),
)
CASES = (
    *NAMES,
    Column("scaling", word("scaling"), telling=True),
    Column("status", _status),
    Column("time", *number("time_s", format_time)),
    Column("interval over launches", interval),
    Column("launches", *number("launches", count)),
    Column("repetitions", *number("samples", count)),
    Column("rate", *number("flop_per_s", rate("FLOP/s"))),
    Column("of peak", *number("peak_share", percent)),
    Column("of bound", *number("bound_share", percent)),
    Column("reported rate", *number("rate_byte_per_s", rate("B/s"))),
    Column("algbw", *number("algbw_byte_per_s", rate("B/s"))),
    Column("busbw", *number("busbw_byte_per_s", rate("B/s"))),
    Column("flags", word("flags")),
    Column("imported from", word("imported")),
    Column("machine", word("machine"), telling=True),
)
GAINS = (
    *NAMES,
    Column("time", *number("time_s", format_time)),
    Column("baseline", word("baseline")),
    Column("speed-up", *number("speedup", "{:.2f}".format)),
    Column("efficiency", *number("efficiency", percent)),
    Column("low", *number("efficiency_low", percent)),
    Column("high", *number("efficiency_high", percent)),
    Column("Karp-Flatt", *number("karp_flatt", "{:.3f}".format)),
    Column("note", word("note")),
)
LAYERS = (
    Column("layer", word("layer")),
    Column("times", *number("count", count)),
    Column("variant", word("variant")),
    Column("dtype", word("dtype")),
    Column("layout", word("layout"), telling=True),
    Column("time", *number("time_s", format_time)),
    Column("speed-up", *number("speedup", "{:.2f}".format)),
    Column("over", word("base"), telling=True),
    Column("of peak", *number("peak_share", percent)),
    Column("products", *number("flops", rate("FLOP"))),
    Column("without padding", *number("flops_unpadded", rate("FLOP"))),
    Column("bound by", word("side")),
    Column("error", *number("relative_l2", "{:.1e}".format)),
    Column("bias", *number("bias", "{:+.0e}".format)),
    Column("excess", *number("excess", "{:.2g}".format)),
    Column("packing", *number("pack_s", format_time)),
    Column("algorithm", word("algorithm")),
)
ANSWERS = (
    Column("precision", word("precision")),
    Column("variant", word("variant")),
    Column("data", word("dtype")),
    Column("sums", word("accumulate")),
    Column("images", *number("images", count)),
    Column("time of an image", *number("image_s", format_time)),
    Column("speed-up", *number("speedup", "{:.2f}".format)),
    Column("top-1", *number("top1", "{:.2%}".format)),
    Column("change", *number("top1_change", points)),
    Column("changed answers", *number("changed_answers", count)),
    Column("error", *number("relative_l2", "{:.1e}".format)),
    Column("status", _status),
)
DOUBTS = (
    Column("variant", word("variant")),
    Column("settings", word("settings")),
    Column("dtype", word("dtype"), telling=True),
    Column("placement", word("placement"), telling=True),
    Column("runs", *number("launches", count)),
    Column("accuracy", *number("accuracy", "{:.2%}".format)),
    Column("NLL", *number("nll", "{:.4f}".format)),
    Column("ECE", *number("ece", "{:.4f}".format)),
    Column("AUROC, wrong answers", *number("errors_auroc", "{:.4f}".format)),
    Column("FPR at 95 %", *number("errors_fpr_at_95", percent)),
    Column("AUROC, letters", *number("outside_auroc", "{:.4f}".format)),
    Column("FPR at 95 %", *number("outside_fpr_at_95", percent)),
)
WRITERS = (
    Column("variant", word("variant")),
    Column("writers", *number("count", count)),
    Column("pairs", word("pairs")),
    Column("settings", word("settings")),
    Column("placement", word("placement"), telling=True),
    Column("runs", *number("launches", count)),
    Column("same", *number("same_recall", percent)),
    Column("different", *number("different_recall", percent)),
    Column("balanced accuracy", *number("balanced_accuracy", percent)),
    Column("equal error rate", *number("equal_error", percent)),
    Column("AUROC", *number("auroc", "{:.4f}".format)),
)
SPLITS = (
    Column("variant", word("variant")),
    Column("settings", word("settings")),
    Column("dtype", word("dtype"), telling=True),
    Column("batch", *number("batch", count)),
    Column("rate", *number("rate", "{:g}".format), telling=True),
    Column("ranks", *number("ranks", count)),
    Column("scaling", word("scaling"), telling=True),
    Column("runs", *number("launches", count)),
    Column("epoch", *number("sweep_s", format_time)),
    Column("compute", *number("compute", percent)),
    Column("curvature", *number("curvature", percent)),
    Column("communication", *number("communication", percent)),
    Column("inverse", *number("inverse", percent)),
)
CROSSOVERS = (
    Column("variant", word("variant")),
    Column("dtype", word("dtype")),
    Column("ranks", *number("ranks", count)),
    Column("nodes", *number("nodes", known), telling=True),
    Column("against the library", word("verdict")),
    Column("from", *number("from_bytes", format_bytes)),
    Column("up to", *number("to_bytes", format_bytes)),
    Column("sizes", *number("sizes", count)),
    Column("faster", *number("faster", count)),
    Column("slower", *number("slower", count)),
    Column("machine", word("machine"), telling=True),
)


def grid(name: str, frame: pd.DataFrame, columns: tuple[Column, ...]) -> Grid:
    """Return the first rows of a frame, without the columns that say nothing."""
    lines = list(rows(frame.iloc[:MOST_ROWS]))
    filled = [(c, [c.text(row) for row in lines]) for c in columns]
    filled = [(column, texts) for column, texts in filled if _says(column, texts)]
    body = [
        [_cell(column, texts[i], row) for column, texts in filled]
        for i, row in enumerate(lines)
    ]
    titles = [(column.title, column.key is not None) for column, _ in filled]
    return Grid(name, titles, body, len(frame))


def _says(column: Column, texts: list[str]) -> bool:
    return any(texts) and not (column.telling and len(set(texts)) == 1)


def _cell(column: Column, text: str, row: Any) -> Cell:
    if column.key is None or not text:
        return Cell(text)
    return Cell(text, f"{column.key(row):.9g}")
