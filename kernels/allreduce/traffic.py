"""The bytes that a schedule moves: per rank, inside nodes, between nodes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenbin.kernels.allreduce.schedule import Schedule


@dataclass(frozen=True)
class Traffic:
    """Bytes over all ranks by kind of link, and the most that one rank sends."""

    sent_bytes_per_rank: int
    intra_bytes: int
    inter_bytes: int


def traffic(
    schedule: Schedule, nodes: Sequence[int], count: int, itemsize: int
) -> Traffic:
    """Count the bytes for `count` elements, rank r being on node `nodes[r]`."""
    rows, place = schedule.rows, np.asarray(nodes)
    first = rows["chunk"].astype(np.int64)
    last = first + rows["count"]
    moved = count * last // schedule.chunks - count * first // schedule.chunks
    inside = place[rows["src"]] == place[rows["dst"]]
    sent = np.zeros(schedule.ranks, dtype=np.int64)
    np.add.at(sent, rows["src"], moved)
    return Traffic(
        sent_bytes_per_rank=int(sent.max(initial=0)) * itemsize,
        intra_bytes=int(moved[inside].sum()) * itemsize,
        inter_bytes=int(moved[~inside].sum()) * itemsize,
    )
