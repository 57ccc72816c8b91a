"""Numbers to and from the words people use: sizes, times, rates, counts.

Message sizes are binary (KiB, MiB, GiB); rates are decimal (GB/s, GFLOP/s).
Inside the suite there are only bytes and seconds.
"""

import re

from tenbin.errors import UsageError

BINARY = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")


def parse_bytes(text: str | int) -> int:
    """Return the bytes of a size such as `"64MiB"`, `"1.5 KiB"`, `"8"` or `8`.

    Raises UsageError for anything else, with the units that are known.
    """
    match = _SIZE.fullmatch(str(text))
    if match is None or (match[2] or "B") not in BINARY:
        raise UsageError(f"not a size: {str(text)!r:.80}; write {', '.join(BINARY)}")
    size = float(match[1]) * BINARY[match[2] or "B"]
    if size != int(size):
        raise UsageError(f"not a whole number of bytes: {str(text)!r:.80}")
    return int(size)


def parse_sizes(spec: str | int | list[str | int]) -> tuple[int, ...]:
    """Return the bytes of a size, a `"1KiB:64MiB"` range of doublings, or a list.

    A range takes an optional factor, `"1KiB:64MiB:4"`; a string may hold several
    sizes and ranges between commas.
    """
    if isinstance(spec, int):
        return (spec,)
    if isinstance(spec, list):
        return tuple(size for item in spec for size in parse_sizes(item))
    return tuple(size for part in spec.split(",") for size in _expand_range(part))


def _expand_range(text: str) -> list[int]:
    first, *rest = text.split(":")
    sizes = [parse_bytes(first)]
    if not rest:
        return sizes
    factor = int(rest[1]) if len(rest) == 2 and rest[1].isdigit() else 2
    last = parse_bytes(rest[0])
    if len(rest) > 2 or (len(rest) == 2 and not rest[1].isdigit()):
        raise UsageError(f"not a range of sizes: {text!r:.80}; write 1KiB:64MiB:2")
    if factor < 2 or not 0 < sizes[0] <= last:
        raise UsageError(f"an empty or endless range of sizes: {text!r:.80}")
    while sizes[-1] * factor <= last:
        sizes.append(sizes[-1] * factor)
    return sizes


def format_bytes(size: float) -> str:
    """Return a size in the largest binary unit that keeps it readable.

    >>> format_bytes(65536), format_bytes(8), format_bytes(102228128)
    ('64KiB', '8B', '97.5MiB')
    """
    for unit in ("GiB", "MiB", "KiB"):
        if size >= BINARY[unit]:
            return (
                f"{size / BINARY[unit]:.3g}{unit}"
                if size < 1000 * BINARY[unit]
                else f"{size / BINARY[unit]:.0f}{unit}"
            )
    return f"{size:.0f}B"


def format_time(seconds: float) -> str:
    """Return a time with three digits and its unit.

    >>> format_time(0.0123), format_time(3.2e-6), format_time(75)
    ('12.3 ms', '3.20 us', '75.0 s')
    """
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if abs(seconds) >= scale:
            return f"{_three_digits(seconds / scale)} {unit}"
    return f"{_three_digits(seconds / 1e-9)} ns"


def format_rate(per_second: float, unit: str) -> str:
    """Return a rate with three digits and a decimal prefix, e.g. `118 GFLOP/s`.

    >>> format_rate(118.2e9, "FLOP/s"), format_rate(2.5e6, "B/s")
    ('118 GFLOP/s', '2.50 MB/s')
    """
    for scale, prefix in ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(per_second) >= scale:
            return f"{_three_digits(per_second / scale)} {prefix}{unit}"
    return f"{_three_digits(per_second)} {unit}"


def _three_digits(value: float) -> str:
    for digits, below in ((2, 10), (1, 100)):
        if abs(value) < below - 0.5 * 10**-digits:
            return f"{value:.{digits}f}"
    return f"{value:.0f}"
