"""The small formats of /proc and /sys."""

import re
from pathlib import Path

MOST_CPUS = 2**16
SUFFIX = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def read(path: Path) -> str:
    """Return the text of a file without its last newline."""
    return path.read_text(errors="replace").strip()


def cpu_list(text: str) -> list[int]:
    """Return the numbers of a list such as `0-3,8`; raise ValueError for others.

    >>> cpu_list("0-3,8")
    [0, 1, 2, 3, 8]
    """
    cpus: set[int] = set()
    for part in filter(None, text.strip().split(",")):
        first, _, last = part.partition("-")
        numbers = range(int(first), int(last or first) + 1)
        if len(numbers) > MOST_CPUS:
            raise ValueError(f"not a list of CPUs: {text!r:.40}")
        cpus.update(numbers)
    return sorted(cpus)


def size_bytes(text: str) -> int:
    """Return the bytes of a cache size such as `48K`; raise ValueError for others.

    >>> size_bytes("48K")
    49152
    """
    match = re.fullmatch(r"(\d+)\s*([KMGT]?)", text.strip(), re.ASCII)
    if match is None:
        raise ValueError(f"not a size: {text!r:.40}")
    return int(match[1]) * SUFFIX[match[2]]


def cpu_max(text: str) -> float | None:
    """Return the cores of a cgroup v2 `cpu.max`, None without a limit.

    >>> cpu_max("150000 100000"), cpu_max("max 100000")
    (1.5, None)
    """
    quota, period = text.split()
    return quota_cores(-1 if quota == "max" else int(quota), int(period))


def quota_cores(quota_us: int, period_us: int) -> float | None:
    """Return the cores of a quota per period, None where there is no limit."""
    if period_us <= 0:
        raise ValueError(f"not a period: {period_us}")
    return quota_us / period_us if quota_us > 0 else None


def fields(text: str) -> dict[str, str]:
    """Return `name : value` lines as a dict; of repeated names the first."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip(), value.strip())
    return found
