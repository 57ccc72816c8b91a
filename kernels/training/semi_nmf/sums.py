"""Sums over the ranks: any AllReduce algorithm, counted and timed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.allreduce.names import canonical
from tenbin.kernels.allreduce.plan import Plan
from tenbin.kernels.training.spent import PARTS, Spent

if TYPE_CHECKING:
    from tenbin.topology import Topology

Array = NDArray[Any]
Make = Callable[[int, str, ExitStack], tuple[Array, Plan]]


def alone(size: int, dtype: str, held: ExitStack) -> tuple[Array, Plan]:
    """Return a buffer that is its own sum: there is one rank."""
    return np.empty(size, dtype=dtype), Plan(lambda: None)


@dataclass
class Sums:
    """Named buffers, each with its plan.

    Every rank asks for the same buffers in the same order. In `spent` the time inside
    the calls is communication: moving, adding, and waiting for the slowest rank.
    """

    make: Make = alone
    calls: int = 0
    message_bytes: int = 0
    spent: Spent = field(default_factory=lambda: Spent(*PARTS))
    held: ExitStack = field(default_factory=ExitStack)
    plans: dict[tuple[str, int, str], tuple[Array, Plan]] = field(default_factory=dict)

    def buffer(self, name: str, shape: tuple[int, ...], dtype: str) -> Array:
        """Return the buffer of that name, to be filled and summed; collective."""
        key = (name, prod(shape), dtype)
        if key not in self.plans:
            self.plans[key] = self.make(*key[1:], self.held)
        return self.plans[key][0].reshape(shape)

    def total(self, name: str, buffer: Array) -> Array:
        """Sum the buffer of that name over all ranks, in place; return it."""
        with self.counted(buffer.nbytes):
            self.plans[name, buffer.size, buffer.dtype.name][1].start()
        return buffer

    def any(self, name: str, wish: bool) -> bool:
        """Return whether a rank has that wish; one allreduce of a word."""
        buffer = self.buffer(name, (1,), "float64")
        buffer[0] = wish
        return bool(self.total(name, buffer)[0])

    @contextmanager
    def counted(self, message_bytes: int) -> Iterator[None]:
        """Count and time one collective call."""
        self.calls += 1
        self.message_bytes += message_bytes
        with self.spent("communication"):
            yield

    def release(self) -> None:
        """Free what the plans stand on; collective."""
        self.plans.clear()
        self.held.close()


def sums(algorithm: str, topology: Topology) -> Sums:
    """Return sums by that AllReduce algorithm; collective."""
    if topology.size == 1:
        return Sums()
    return Sums(partial(_planned, canonical(algorithm), topology))


def _planned(
    algorithm: str, topology: Topology, size: int, dtype: str, held: ExitStack
) -> tuple[Array, Plan]:
    """Return a buffer where the algorithm needs it, and its plan."""
    from tenbin.kernels.allreduce.memory import memory_for
    from tenbin.kernels.training.plans import plans

    memory = memory_for(algorithm, topology, size, dtype, 1)
    held.callback(memory.release)
    buffer = memory.mine[0] if len(memory.mine) else np.empty(size, dtype=dtype)
    (plan,) = plans(algorithm, topology, topology.world, (buffer,), held, memory.shared)
    return buffer, plan
