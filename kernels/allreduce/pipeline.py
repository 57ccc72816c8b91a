"""Pipelining: the buffer in segments, each one round behind the one before.

    round        0    1    2    3    4    5
    segment 0    a    b    c    d
    segment 1         a    b    c    d
    segment 2              a    b    c    d

Cost of a schedule of k rounds in s segments: k + s - 1 steps. What it gains: links and
ranks that rest in one round of a chain, a tree or a hierarchy work for another segment.
"""

from dataclasses import replace

import numpy as np

from tenbin.kernels.allreduce.schedule import Schedule, table


def pipeline(schedule: Schedule, segments: int) -> Schedule:
    """Cut the buffer into `segments` and run the schedule on each, one round apart."""
    if segments == 1:
        return schedule
    number = np.repeat(np.arange(schedule.rounds), np.diff(schedule.starts))
    segment = np.arange(segments)
    rows = schedule.rows[:, None]
    merged = table(
        round=number[:, None] + segment,
        src=rows["src"],
        dst=rows["dst"],
        chunk=rows["chunk"] + schedule.chunks * segment,
        count=rows["count"],
        reduce=rows["reduce"],
    )
    name = f"{schedule.name}/{segments}"
    return replace(schedule, name=name, chunks=segments * schedule.chunks, rows=merged)
