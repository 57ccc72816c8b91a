"""Reading what other tools print: lines with numbers, and tables whose columns line up.

The tools print fixed-width tables, so a character lost or gained anywhere in a row
moves everything right of it. That, and the rule for the decimals of each column, is
what tells a damaged row from a whole one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from tenbin.errors import UsageError

LARGEST = 256 * 2**20  # bytes of a file that somebody calls an output
WHOLE = re.compile(r"\d{1,18}")
TWO_DECIMALS = re.compile(r"\d{1,15}\.\d\d")
ROW = re.compile(r"\s*[-+.]?\d[\d.eE+-]*(\s+[-+.]?\d[\d.eE+-]*)+\s*")
_SMALLEST_GAP = re.compile(r"\s{2,}")


class UnreadableError(UsageError):
    """What a file says cannot be trusted: the message names the file and the line."""


@dataclass(frozen=True)
class Text:
    """The lines of a file, without their ends; `whole` if the last one had its end."""

    name: str
    lines: list[str]
    whole: bool

    @property
    def content(self) -> str:
        """Return all lines."""
        return "\n".join(self.lines)

    def error(self, line: int, what: str) -> UnreadableError:
        """Return the error for a line, counted from 1; line 0 stands for the file."""
        place = f"{self.name}:{line}" if line else self.name
        return UnreadableError(f"{place}: {what}")


def read_text(path: Path) -> Text:
    """Return the lines of a file; raise UnreadableError where it is not text."""
    try:
        if path.stat().st_size > LARGEST:
            raise UnreadableError(f"{path}: larger than {LARGEST >> 20} MiB")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from None
    return to_text(str(path), data)


def to_text(name: str, data: bytes) -> Text:
    """Return the lines of some bytes, which must be UTF-8 without control characters.

    Raises UnreadableError with the line of the first one that is not.
    """
    try:
        content = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"{name}:{line}: not UTF-8 text") from None
    lines = content.replace("\r\n", "\n").split("\n")
    for place, content in enumerate(lines, 1):
        if not content.replace("\t", " ").isprintable():
            raise UnreadableError(f"{name}:{place}: not text: a control character")
    whole = lines[-1] == ""
    return Text(name, lines[:-1] if whole else lines, whole)


@dataclass(frozen=True)
class Row:
    """The words of a line, and the column just behind each."""

    line: int
    words: list[str]
    ends: list[int]


def split_row(line: int, text: str) -> Row:
    """Return the words of a line."""
    found = list(re.finditer(r"\S+", text))
    return Row(line, [word[0] for word in found], [word.end() for word in found])


def split_header(text: str, line: int = 0) -> Row:
    """Return the titles of a header, which may hold single spaces."""
    bare = text[1:] if text.startswith("#") else text
    titles = [title for title in _SMALLEST_GAP.split(bare.strip()) if title]
    ends, place = [], 0
    for title in titles:
        place = text.index(title, place) + len(title)
        ends.append(place)
    return Row(line, titles, ends)


def check_row(text: Text, header: Row, row: Row, gap: int = 0) -> None:
    """Raise UnreadableError unless the row has the header's columns, lined up.

    Columns are right-aligned with `gap` blanks between; a word wider than its column
    pushes the rest. The first column may be left-aligned.
    """
    if len(row.words) != len(header.words):
        raise text.error(
            row.line,
            f"{len(row.words)} values where the table has {len(header.words)} columns",
        )
    if row.line == len(text.lines) and not text.whole:
        raise text.error(row.line, "the file ends within this row")
    end = row.ends[0]
    first = len(row.words[0])
    if end == first:  # left-aligned
        end = header.ends[0]
    elif end != max(header.ends[0], first):
        raise text.error(row.line, f"{row.words[0]!r:.40} is not in its column")
    _check_ends(text, header, row, gap, end)


def _check_ends(text: Text, header: Row, row: Row, gap: int, end: int) -> None:
    for place in range(1, len(row.words)):
        end += gap + max(_width(header, place, gap), len(row.words[place]))
        if row.ends[place] != end:
            raise text.error(row.line, f"{row.words[place]!r:.40} is not in its column")


def _width(header: Row, place: int, gap: int) -> int:
    return header.ends[place] - header.ends[place - 1] - gap


def number(
    text: Text, row: Row, place: int, title: str, form: re.Pattern[str]
) -> float:
    """Return a word as a number; raise UnreadableError where it has another form."""
    word = row.words[place]
    if form.fullmatch(word) is None:
        raise text.error(row.line, f"{title}: not a number of this table: {word!r:.40}")
    return float(word)


def half_unit(word: str) -> float:
    """Return half a unit of the last digit that is printed.

    >>> half_unit("22.54"), half_unit("132.2"), half_unit("1.2e+07")
    (0.005, 0.05, 500000.0)
    """
    mantissa, _, exponent = word.partition("e")
    decimals = len(mantissa.partition(".")[2])
    return 0.5 * 10.0 ** (int(exponent or 0) - decimals)


def doubling(text: Text, line: int, sizes: Sequence[int]) -> None:
    """Raise UnreadableError unless the last size is the one before times 2, 4, ..."""
    rising(text, line, sizes)
    before = sizes[-2] if len(sizes) > 1 and sizes[-2] else 0
    if before and (sizes[-1] % before or (sizes[-1] // before).bit_count() != 1):
        raise text.error(line, f"size {sizes[-1]} after {before}: sizes double")


def rising(text: Text, line: int, sizes: Sequence[int]) -> None:
    """Raise UnreadableError unless the last size is larger than the one before."""
    if len(sizes) > 1 and sizes[-1] <= sizes[-2]:
        what = f"size {sizes[-1]} after {sizes[-2]}: sizes of a table rise"
        raise text.error(line, what)


def reported(titles: Sequence[str], words: Sequence[str]) -> dict[str, str | float]:
    """Return a row as the tool printed it: numbers as numbers, all else as text."""
    row: dict[str, str | float] = {}
    for title, word in zip_longest(titles, words, fillvalue=""):
        is_number = re.fullmatch(r"\d+(\.\d+)?([eE][-+]?\d+)?", word)
        row[title] = float(word) if is_number else word
    return row
