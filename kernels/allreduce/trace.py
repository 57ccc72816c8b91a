"""A timeline of one allreduce: when each rank entered and left each step.

    rank 0   [ round 0 ][ round 1  ][ round 2 ]
    rank 1   [ round 0   ][ round 1 ][ round 2 ]      -> Chrome trace, chrome://tracing

An instrumented replay: every round is compiled as a plan of its own, with a stamp
before and after. Plans that are measured know nothing of it. A round is one step on
each rank: start, wait, add.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.clock import Clock
from tenbin.kernels.allreduce.execute_mpi import compile_plan
from tenbin.kernels.allreduce.schedule import Schedule
from tenbin.topology import LEADER

Buffer = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Timeline:
    """When each rank entered and left each round.

    `enter`, `leave` (repetitions, rounds, ranks) are in ns on the common clock.

    A rank without a row in a round passes it at once.
    """

    schedule: Schedule
    enter: NDArray[np.int64]
    leave: NDArray[np.int64]


def trace(
    schedule: Schedule, comm: MPI.Comm, buffer: Buffer, clock: Clock, repetitions: int
) -> Timeline | None:
    """Replay round by round with stamps; collective; the timeline is rank 0's."""
    plans = [
        compile_plan(replace(schedule, rows=rows), comm, buffer) for rows in schedule
    ]
    stamps = np.zeros((repetitions, len(plans), 2), dtype=np.int64)
    for i in range(-1, repetitions):  # the first one warms up
        comm.Barrier()
        for number, plan in enumerate(plans):
            stamps[i, number, 0] = time.perf_counter_ns()
            plan.start()
            stamps[i, number, 1] = time.perf_counter_ns()
    for plan in plans:
        plan.release()
    everyone = comm.gather(clock.stamps(stamps), LEADER)
    if everyone is None:
        return None
    joined = np.stack(everyone, axis=2)
    return Timeline(schedule, joined[..., 0], joined[..., 1])


def chrome(timeline: Timeline, nodes: Sequence[int]) -> dict[str, Any]:
    """Return the trace in Chrome's format: a process per node, a thread per rank."""
    origin = int(timeline.enter.min(initial=np.iinfo(np.int64).max))
    events: list[dict[str, Any]] = []
    for number, rows in enumerate(timeline.schedule):
        active = set(rows["src"].tolist()) | set(rows["dst"].tolist())
        for rank in sorted(active):
            facts = {
                "to": sorted(set(rows["dst"][rows["src"] == rank].tolist())),
                "from": sorted(set(rows["src"][rows["dst"] == rank].tolist())),
            }
            for i in range(len(timeline.enter)):
                enter = int(timeline.enter[i, number, rank])
                spent = int(timeline.leave[i, number, rank]) - enter
                events.append(
                    {
                        "name": f"round {number}",
                        "ph": "X",
                        "pid": nodes[rank],
                        "tid": rank,
                        "ts": (enter - origin) / 1e3,
                        "dur": spent / 1e3,
                        "args": {**facts, "repetition": i},
                    }
                )
    return {"traceEvents": [*_names(nodes), *events], "displayTimeUnit": "ns"}


def _names(nodes: Sequence[int]) -> list[dict[str, Any]]:
    places = [(rank, "thread_name", f"rank {rank}") for rank in range(len(nodes))]
    places += [
        (rank, "process_name", f"node {node}") for rank, node in enumerate(nodes)
    ]
    return [
        {
            "name": kind,
            "ph": "M",
            "pid": nodes[rank],
            "tid": rank,
            "args": {"name": name},
        }
        for rank, kind, name in places
    ]


def longest_rounds(timeline: Timeline, most: int = 3) -> list[str]:
    """Return a line for each of the longest rounds: its time, and who left it last."""
    spent = np.median(timeline.leave.max(axis=2) - timeline.enter.min(axis=2), axis=0)
    lines = []
    for number in np.argsort(spent)[::-1][:most]:
        last = Counter(timeline.leave[:, number].argmax(axis=1).tolist())
        rank, count = last.most_common(1)[0]
        lines.append(
            f"round {number}: {spent[number] / 1e3:.1f} us, rank {rank} left last in "
            f"{count} of {len(timeline.leave)} repetitions"
        )
    return lines
