"""Wall times in the words people use."""

import re

from tenbin.errors import UsageError

_UNITS_S = {"d": 86400, "h": 3600, "m": 60, "min": 60, "s": 1}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_CLOCK = re.compile(r"(?:(\d+)-)?(\d+):([0-5]\d):([0-5]\d)")


def parse_duration(text: str | int) -> int:
    """Return the seconds of `1h30m`, `90m`, `5400`, `1:30:00` or `1-12:00:00`.

    `1:30` is refused: it is ninety minutes to some and ninety seconds to Slurm.

    >>> parse_duration("1h30m"), parse_duration("1:30:00"), parse_duration(5400)
    (5400, 5400, 5400)
    """
    words = str(text).strip().lower()
    clock = _CLOCK.fullmatch(words)
    if clock:
        day, hour, minute, second = (int(part or 0) for part in clock.groups())
        seconds: float = ((day * 24 + hour) * 60 + minute) * 60 + second
    elif words.isdecimal() and words.isascii():
        seconds = int(words)
    else:
        seconds = _sum_parts(words)
    if not 0 < seconds < 10 * 365 * 86400:
        raise UsageError(
            f"not a wall time: {str(text)!r:.80}; write 1h30m, 90m, 5400 or 1:30:00"
        )
    return round(seconds)


def _sum_parts(words: str) -> float:
    rest = _PART.sub("", words).strip()
    parts = _PART.findall(words)
    if rest or not parts or any(unit not in _UNITS_S for _, unit in parts):
        return 0.0
    return sum(float(number) * _UNITS_S[unit] for number, unit in parts)
