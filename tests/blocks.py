"""Blocks of repetitions with given times, as a measurement yields them."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from tenbin.samples import Block

FACTS: dict[str, Any] = {
    "warmup_ns": [9],
    "start": "window",
    "residual_ns": 0,
    "stop": "budget",
}


def block(
    times_ns: Iterable[int],
    ranks: int = 1,
    *,
    overhead_ns: int = 0,
    lost: bool = False,
    late: bool = False,
    slow_rank: int = 0,
) -> Block:
    """Return a block of those makespans, each that of `slow_rank`; others take half."""
    times = np.asarray(list(times_ns), dtype=np.int64)
    exits = np.repeat(times[:, None] // 2, ranks, axis=1)
    exits[:, slow_rank] = times
    return Block(
        entry_ns=np.zeros_like(exits) + 1000,
        exit_ns=exits + 1000,
        cpu_ns=times,
        lost=np.full(times.size, lost),
        late=np.full(times.size, late),
        spent_s=float((times + overhead_ns).sum()) / 1e9,
    )
