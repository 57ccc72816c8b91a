"""The buffers of a case: cold by rotation, filled with integers, checked exactly.

Element i on rank r is `pattern[r, i mod PERIOD]`, small random integers, so that the
sum over the ranks is exact in any order of addition and known without communication.
The period is a prime: a chunk in the wrong place does not look right.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.check import Check, equal

PERIOD = 1021
LARGEST = 255  # integer on one rank; less where the dtype cannot hold the sum
# dtype -> largest sum that is exact in any order
EXACT_SUM = {"float32": 2**24, "float64": 2**53, "float16": 2**11}
MOST_BUFFERS = 8  # each has its own compiled plan
NODE_BYTES = 2**30  # for the buffers of all ranks on a node, unless two need more
CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
UNKNOWN_CACHE = 32 * 2**20

Buffer = NDArray[Any]


def last_level_cache_bytes() -> int:
    """Return the size of the largest cache, or 32 MiB where the system is silent."""
    kib = [
        int(path.read_text().strip().removesuffix("K"))
        for path in CACHES.glob("index*/size")
    ]
    return max(kib, default=0) * 1024 or UNKNOWN_CACHE


def buffers_needed(message_bytes: int, ranks_per_node: int, hot: bool) -> int:
    """Return how many buffers go round: twice the last-level cache, within memory."""
    if hot:
        return 1
    cold = -(-2 * last_level_cache_bytes() // max(message_bytes, 1))
    affordable = NODE_BYTES // max(message_bytes * ranks_per_node, 1)
    return max(2, min(cold, affordable, MOST_BUFFERS))


@dataclass(eq=False)
class Pool:
    """Buffers that take turns; `current` is the one in use.

    `mine` and `wanted` (PERIOD,) are one period of the input and of the sum.
    """

    buffers: tuple[Buffer, ...]
    mine: Buffer
    wanted: Buffer
    current: int = 0

    def rotate(self, repetition: int) -> None:
        """Refill the buffer used last, whose turn is far off, and take the next."""
        fill(self.buffers[self.current], self.mine)
        self.current = repetition % len(self.buffers)

    def check(self) -> Check:
        """Judge every element of the current buffer."""
        whole, rest = _periods(self.buffers[self.current])
        body, tail = equal(whole, self.wanted), equal(rest, self.wanted[: rest.size])
        return Check(body.ok and tail.ok, body.error + tail.error, body.method)


def make_pool(
    count: int, dtype: str, ranks: int, rank: int, buffers: int, seed: int
) -> Pool:
    """Make `buffers` filled buffers of `count` elements."""
    largest = min(LARGEST, EXACT_SUM[dtype] // ranks)
    pattern = np.random.default_rng(seed).integers(
        largest + 1, size=(ranks, PERIOD), dtype=np.int64
    )
    mine = pattern[rank].astype(dtype)
    made = tuple(np.empty(count, dtype=dtype) for _ in range(buffers))
    for buffer in made:
        fill(buffer, mine)
    return Pool(made, mine, pattern.sum(axis=0).astype(dtype))


def fill(buffer: Buffer, period: Buffer) -> None:
    """Repeat `period` over the buffer."""
    whole, rest = _periods(buffer)
    np.copyto(whole, period)
    np.copyto(rest, period[: rest.size])


def _periods(buffer: Buffer) -> tuple[Buffer, Buffer]:
    full = buffer.size - buffer.size % PERIOD
    return buffer[:full].reshape(-1, PERIOD), buffer[full:]
