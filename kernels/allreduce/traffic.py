"""The bytes that a schedule moves: per rank, inside nodes, between nodes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.allreduce.schedule import Schedule

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Traffic:
    """Bytes over all ranks by kind of link, and the most that one rank sends."""

    sent_bytes_per_rank: int
    intra_bytes: int
    inter_bytes: int


def traffic(
    schedule: Schedule, nodes: Sequence[int] | Ints, count: int, itemsize: int
) -> Traffic:
    """Count the bytes for `count` elements, rank r being on node `nodes[r]`."""
    rows, place = schedule.rows, np.asarray(nodes)
    moved = moved_elements(schedule, count)
    inside = place[rows["src"]] == place[rows["dst"]]
    sent = np.zeros(schedule.ranks, dtype=np.int64)
    np.add.at(sent, rows["src"], moved)
    return Traffic(
        sent_bytes_per_rank=int(sent.max(initial=0)) * itemsize,
        intra_bytes=int(moved[inside].sum()) * itemsize,
        inter_bytes=int(moved[~inside].sum()) * itemsize,
    )


def level_bytes(
    schedule: Schedule, levels: Sequence[int], places: Ints, count: int, itemsize: int
) -> list[int]:
    """Count the bytes that each level moves, innermost first, over all ranks.

    `places[i]` is the rank at place i of the hierarchy. The level of a message is that
    of the outermost digit in which the places of its ends differ.
    """
    place = np.empty_like(places)
    place[places] = np.arange(schedule.ranks)
    src, dst = place[schedule.rows["src"]], place[schedule.rows["dst"]]
    level, stride = np.zeros(len(src), dtype=np.int64), 1
    for number, size in enumerate(levels):
        level[src // stride % size != dst // stride % size] = number
        stride *= size
    moved = moved_elements(schedule, count)
    found = np.zeros(len(levels), dtype=np.int64)
    np.add.at(found, level, moved)
    return [int(elements) * itemsize for elements in found]


def moved_elements(schedule: Schedule, count: int) -> Ints:
    """Return the elements each row moves of a buffer of `count`, shape (rows,)."""
    first = schedule.rows["chunk"].astype(np.int64)
    size = schedule.rows["count"].astype(np.int64)
    if count % schedule.chunks == 0:
        return size * (count // schedule.chunks)
    return count * (first + size) // schedule.chunks - count * first // schedule.chunks


def node_by_node(ranks: int, ranks_per_node: int) -> Ints:
    """Return the node of every rank where launchers fill one node after the other."""
    return np.arange(ranks) // ranks_per_node
