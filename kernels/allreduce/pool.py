"""The buffers of a case: cold by rotation, filled with integers, checked exactly.

Element i on rank r is `pattern[r, i mod PERIOD]`, small random integers, so that the
sum over the ranks is exact in any order of addition and known without communication.
The period is a prime: a chunk in the wrong place does not look right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin import device
from tenbin.check import Check, equal
from tenbin.cold import copies, last_level_cache_bytes
from tenbin.dtypes import storage
from tenbin.kernel import Options
from tenbin.kernels.allreduce.dtypes import EXACT_SUM, store
from tenbin.kernels.allreduce.pages import fresh

PERIOD = 1021
LARGEST = 255  # integer on one rank; less where the dtype cannot hold the sum
MOST_BUFFERS = 8  # each has its own compiled plan

Buffer = NDArray[Any]


def buffers_needed(message_bytes: int, ranks_per_node: int, options: Options) -> int:
    """Return how many buffers go round; one of a message that fills the cache is cold.

    Otherwise there are two at least: the one to come is not the one just refilled.
    """
    if options.hot:
        return 1
    cache_bytes = last_level_cache_bytes()
    least = 2 if message_bytes * ranks_per_node < cache_bytes else 1
    most = copies(message_bytes, ranks_per_node, options.pool_bytes, cache_bytes, least)
    return min(most, MOST_BUFFERS)


@dataclass(eq=False)
class Pool:
    """Buffers that take turns; `current` is the one in use.

    `mine` and `wanted` (PERIOD,) are one period of the input and of the sum. `shared`
    are the buffers of every rank of the node where all of them see all.
    """

    buffers: tuple[Buffer, ...]
    mine: Buffer
    wanted: Buffer
    dtype: str
    shared: Sequence[Sequence[Buffer]] = ()
    current: int = 0

    def rotate(self, repetition: int) -> None:
        """Refill the buffer used last, whose turn is far off, and take the next."""
        fill(self.buffers[self.current], self.mine)
        self.current = repetition % len(self.buffers)

    def check(self) -> Check:
        """Judge every element of the current buffer."""
        whole, rest = _periods(device.to_host(self.buffers[self.current]))
        body, tail = equal(whole, self.wanted), equal(rest, self.wanted[: rest.size])
        return Check(body.ok and tail.ok, body.error + tail.error, body.method)


def make_pool(
    count: int,
    dtype: str,
    ranks: int,
    rank: int,
    buffers: int,
    seed: int,
    memory: Sequence[Buffer] = (),
) -> Pool:
    """Make `buffers` filled buffers of `count` elements, in `memory` where given."""
    largest = min(LARGEST, EXACT_SUM[dtype] // ranks)
    pattern = np.random.default_rng(seed).integers(
        largest + 1, size=(ranks, PERIOD), dtype=np.int64
    )
    mine, wanted = store(pattern[rank], dtype), store(pattern.sum(axis=0), dtype)
    made = tuple(memory or (fresh(count, storage(dtype)) for _ in range(buffers)))
    for buffer in made:
        fill(buffer, mine)
    return Pool(made, mine, wanted, dtype)


def fill(buffer: Buffer, period: Buffer) -> None:
    """Repeat `period` over the buffer."""
    whole, rest = _periods(buffer)
    module = device.module_of(buffer)
    repeated = module.asarray(period)
    module.copyto(whole, repeated)
    module.copyto(rest, repeated[: rest.size])


def _periods(buffer: Buffer) -> tuple[Buffer, Buffer]:
    full = buffer.size - buffer.size % PERIOD
    return buffer[:full].reshape(-1, PERIOD), buffer[full:]
