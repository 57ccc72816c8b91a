"""Variants of allreduce in turns, in one process group: medians, spread, bars."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from time import perf_counter_ns

import numpy as np
from interleaved import Times, in_turns  # type: ignore[import-not-found]
from mpi4py import MPI

from tenbin import stats
from tenbin.case import Case
from tenbin.kernel import Options, Task
from tenbin.kernels.allreduce import KERNEL
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.topology import Topology
from tenbin.units import format_bytes

SLOW_NS = 20_000_000  # a variant beyond it is repeated once in a round

Series = Mapping[str, tuple[str, str]]  # label -> variant and dtype


@dataclass(frozen=True)
class Bar:
    """How many times faster than the base a series has to be."""

    at_least: float


def compare(
    topology: Topology, series: Series, size: int, rounds: int, repetitions: int
) -> Times:
    """Return the median times in ns of each round."""
    tasks = {
        label: prepare(topology, variant, dtype, size)
        for label, (variant, dtype) in series.items()
    }
    often = {
        label: repetitions if time_round(topology.world, task, 2) < SLOW_NS else 1
        for label, task in tasks.items()
    }
    takes = {
        label: partial(time_round, topology.world, task, often[label])
        for label, task in tasks.items()
    }
    times = in_turns(takes, rounds)
    for task in tasks.values():
        task.release()
    return times


def prepare(topology: Topology, variant: str, dtype: str, size: int) -> Task:
    place = (topology.size, topology.ranks_per_node)
    case = Case("allreduce", variant, dtype, AllreduceProblem(size), *place)
    if reason := KERNEL.decline(case):
        raise SystemExit(f"{variant}, {dtype}: {reason}")
    return KERNEL.prepare(case, topology, Options())


def time_round(world: MPI.Comm, task: Task, repetitions: int) -> float:
    """Return the median of last exit minus first entry; check the last result."""
    stamps = np.zeros((2, repetitions), dtype=np.int64)
    for repetition in range(repetitions):
        task.reset(repetition)
        world.Barrier()
        stamps[0, repetition] = perf_counter_ns()
        task.run()
        stamps[1, repetition] = perf_counter_ns()
    if not world.allreduce(task.check().ok, op=MPI.LAND):
        raise SystemExit("wrong sum")
    entries, exits = np.array(world.allgather(stamps)).transpose(1, 2, 0)
    return float(np.median(stats.makespans(entries, exits)))


def judge(
    topology: Topology, size: int, times: Times, base: str, bars: Mapping[str, Bar]
) -> int:
    """Print medians and ratios to the base; return how many are beyond their bar."""
    lines, beyond = [f"{format_bytes(size)} on {topology.size} ranks, base {base}"], 0
    for label, values in times.items():
        ratios = np.divide(times[base], values)
        ratio, bar = float(np.median(ratios)), bars.get(label)
        low, high = np.percentile(values, [25, 75]) / 1e3
        verdict = ""
        if bar is not None:
            short = ratio < bar.at_least
            beyond += short
            verdict = f"{'BEYOND' if short else 'within'} {bar.at_least:.3g}x"
        lines.append(
            f"  {label:20} {np.median(values) / 1e3:10.1f} us"
            f" [{low:.1f}, {high:.1f}]  {ratio:7.2f}x"
            f" [{ratios.min():.2f}, {ratios.max():.2f}]  {verdict}"
        )
    if topology.rank == 0:
        print("\n".join(lines), flush=True)
    return beyond
