"""Why a case is declined: no such dtype, too slow, too big for the memory of a node."""

from collections.abc import Iterable

from tenbin.case import Case
from tenbin.machine.hardware import memory
from tenbin.units import format_bytes, format_time

SLOW_LIMIT_S = 20.0


def other_dtype(case: Case, dtypes: Iterable[str]) -> str:
    """Return that the variant computes these dtypes alone, where the case has another.

    An empty string here and below: there is nothing to decline.
    """
    if case.dtype in dtypes:
        return ""
    return f"{case.variant} computes {', '.join(dtypes)}, not {case.dtype}"


def too_slow(case: Case, flops: int, flop_per_s: float | None) -> str:
    """Return how long a call of one rank would take, where that exceeds the limit.

    A rate of None is that of a variant which is never too slow.
    """
    if flop_per_s is None or flops <= SLOW_LIMIT_S * flop_per_s:
        return ""
    expected, limit = format_time(flops / flop_per_s), format_time(SLOW_LIMIT_S)
    return f"{case.variant} {case.dtype} would take {expected} a call; limit {limit}"


def too_big(case: Case, rank_bytes: int) -> str:
    """Return what the ranks of a node need, where that exceeds half its memory."""
    needed, present = rank_bytes * case.ranks_per_node, memory_bytes()
    if needed <= present // 2:
        return ""
    return f"needs {format_bytes(needed)} of {format_bytes(present)} memory on a node"


def memory_bytes() -> int:
    """Return the memory of this node, or what a cgroup leaves of it."""
    found = memory()
    return found.get("limit_bytes", found["total_bytes"])
