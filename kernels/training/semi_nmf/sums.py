"""Sums over the ranks: any AllReduce algorithm, counted and timed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import prod
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.allreduce.plan import Plan

if TYPE_CHECKING:
    from tenbin.topology import Topology

Array = NDArray[Any]
Compile = Callable[[int, str, ExitStack], tuple[Array, Plan]]


@dataclass
class Sums:
    """Named buffers, each with its plan; without `compile` there is one rank.

    Every rank asks for the same buffers in the same order. `time_s` is the time inside
    the calls: moving, adding, and waiting for the slowest rank.
    """

    compile: Compile | None = None
    calls: int = 0
    message_bytes: int = 0
    time_s: float = 0.0
    held: ExitStack = field(default_factory=ExitStack)
    plans: dict[tuple[str, int, str], tuple[Array, Plan]] = field(default_factory=dict)

    def buffer(self, name: str, shape: tuple[int, ...], dtype: str) -> Array:
        """Return the buffer of that name, to be filled and summed; collective."""
        key = (name, prod(shape), dtype)
        if key not in self.plans:
            self.plans[key] = self._make(*key[1:])
        return self.plans[key][0].reshape(shape)

    def total(self, name: str, buffer: Array) -> Array:
        """Sum the buffer of that name over all ranks, in place; return it."""
        self.calls += 1
        self.message_bytes += buffer.nbytes
        began = perf_counter()
        self.plans[name, buffer.size, buffer.dtype.name][1].start()
        self.time_s += perf_counter() - began
        return buffer

    def release(self) -> None:
        """Free what the plans stand on; collective."""
        self.plans.clear()
        self.held.close()

    def _make(self, size: int, dtype: str) -> tuple[Array, Plan]:
        if self.compile is None:
            return np.empty(size, dtype=dtype), Plan(lambda: None)
        return self.compile(size, dtype, self.held)


def sums(algorithm: str, topology: Topology) -> Sums:
    """Return sums by that AllReduce algorithm; raise UsageError where it fits not."""
    from tenbin.kernels.allreduce.executors import Job, compile_plans
    from tenbin.kernels.allreduce.memory import memory_for
    from tenbin.kernels.allreduce.pool import Pool

    if topology.size == 1:
        return Sums()

    def compile(size: int, dtype: str, held: ExitStack) -> tuple[Array, Plan]:
        memory = memory_for(algorithm, topology, size, dtype, 1)
        held.callback(memory.release)
        buffer = memory.mine[0] if len(memory.mine) else np.empty(size, dtype=dtype)
        nothing = buffer[:0]
        pool = Pool((buffer,), nothing, nothing, dtype, memory.shared)
        job = Job(algorithm, topology, topology.world, pool)
        plan = compile_plans(job)[0]
        held.callback(plan.release)
        held.push(job.held)
        return buffer, plan

    return Sums(compile)
