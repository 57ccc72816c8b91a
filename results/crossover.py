"""From which message size on a variant beats the baseline, and up to which.

Decided by whole intervals of paired ratios: a size whose interval holds 1 is neither
faster nor slower. "From" asks for every larger measured size to be faster as well.
"""

from typing import Any

import pandas as pd

from tenbin.results.table import PLACE
from tenbin.units import format_bytes

BY = ["machine", "dtype", *PLACE, "variant"]


def crossovers(ratios: pd.DataFrame) -> pd.DataFrame:
    """Return one row per placement and variant of paired ratios (`ratios.paired`).

    `sizes`, `faster` and `slower` are counts; `from_bytes` and `to_bytes` NaN where
    there is no such size; `verdict` says it in words.
    """
    rows = [
        dict(zip(BY, key, strict=True)) | _crossover(group)
        for key, group in ratios.groupby(BY)
    ]
    columns = [*BY, "sizes", "faster", "slower", "from_bytes", "to_bytes", "verdict"]
    return pd.DataFrame(rows, columns=columns)


def _crossover(group: pd.DataFrame) -> dict[str, Any]:
    group = group.sort_values("message_bytes")
    sizes = group["message_bytes"].tolist()
    faster = (group["ratio_high"] < 1.0).tolist()
    slower = int((group["ratio_low"] > 1.0).sum())
    head, tail = _leading(faster), _leading(faster[::-1])
    first = sizes[-tail] if tail else float("nan")
    last = sizes[head - 1] if head else float("nan")
    return {
        "sizes": len(sizes),
        "faster": sum(faster),
        "slower": slower,
        "from_bytes": first,
        "to_bytes": last,
        "verdict": _verdict(len(sizes), head, tail, first, last),
    }


def _leading(flags: list[bool]) -> int:
    """Return how many are true before the first that is not.

    >>> _leading([True, True, False, True])
    2
    """
    return flags.index(False) if False in flags else len(flags)


def _verdict(total: int, head: int, tail: int, first: float, last: float) -> str:
    """Return the verdict.

    >>> _verdict(5, 0, 2, 1024.0, float("nan"))
    'faster from 1KiB on'
    """
    if head == total:
        return "faster at every size"
    found = [f"up to {format_bytes(last)}"] if head else []
    found += [f"from {format_bytes(first)} on"] if tail else []
    return f"faster {' and '.join(found)}" if found else "no crossover"
