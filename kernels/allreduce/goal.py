"""A schedule as GOAL, the input of LogGOPSim and ATLAHS.

    rank 1 {
    // 0 4 add                           elements 0 .. 4, to be added when all is here
    l1: recv 16b from 0 tag 0
    l2: send 16b to 2 tag 0
    l3: calc 8                           ns of adding; the end of the step
    l3 requires l1
    l3 requires l2

All messages of a step need the end of the step before, as in the MPI executor. GOAL
knows no data: what a message means stands in the comment above it.
Source of the format: Hoefler, Siebert and Lumsdaine, "Group operation assembly
language", ICPP 2009; the grammar is that of LogGOPSim's txt2bin.
"""

from collections.abc import Iterator
from itertools import count as numbers

from tenbin.kernels.allreduce.lower import Message, Step, lower
from tenbin.kernels.allreduce.schedule import Schedule


def to_goal(
    schedule: Schedule, message_bytes: int, itemsize: int, gamma_s_per_byte: float
) -> str:
    """Return the GOAL text for a message on every rank, cut between elements."""
    lines = [f"num_ranks {schedule.ranks}"]
    for rank in range(schedule.ranks):
        steps = lower(schedule, rank, message_bytes // itemsize)
        lines += ["", f"rank {rank} {{"]
        lines += _rank(steps, itemsize, gamma_s_per_byte)
        lines.append("}")
    return "\n".join(lines) + "\n"


def _rank(
    steps: tuple[Step, ...], itemsize: int, gamma_s_per_byte: float
) -> Iterator[str]:
    label = numbers(1)
    before = 0  # the end of the step before
    for step in steps:
        mine = []
        both = [(True, m) for m in step.receives] + [(False, m) for m in step.sends]
        for received, message in both:
            mine.append(next(label))
            yield from _message(message, mine[-1], itemsize, received)
            if before:
                yield f"l{mine[-1]} requires l{before}"
        added = sum(m.last - m.first for m in step.receives if m.reduce) * itemsize
        before = next(label)
        yield f"l{before}: calc {round(added * gamma_s_per_byte * 1e9)}"
        yield from (f"l{before} requires l{one}" for one in mine)


def _message(
    message: Message, label: int, itemsize: int, received: bool
) -> Iterator[str]:
    size = (message.last - message.first) * itemsize
    yield f"// {message.first} {message.last} {'add' if message.reduce else 'copy'}"
    verb = f"recv {size}b from" if received else f"send {size}b to"
    yield f"l{label}: {verb} {message.peer} tag {message.tag}"
