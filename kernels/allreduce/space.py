"""The space of hierarchies over a rank count, and their predicted times.

    exhaustive   every ordered factorisation of the rank count, a pattern per level
    contained    only hierarchies that grow from the best of fewer ranks

The best hierarchy for many ranks contains the best for few (Ueno and Yokota, CCGrid
2019), so that a level is only ever put around a survivor: for p = 2^k some k^2 tables
instead of 2^(k-1), times the patterns. Over two ranks all patterns are one.

Names that load every round alike are one algorithm (`meaning`): the plainest counts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from itertools import islice, product

import numpy as np

from tenbin.errors import UsageError
from tenbin.kernels.allreduce.cost import predict
from tenbin.kernels.allreduce.hierarchical import PATTERNS
from tenbin.kernels.allreduce.links import Links
from tenbin.kernels.allreduce.names import FORMS, LIBRARIES, parse
from tenbin.kernels.allreduce.schedule import Schedule
from tenbin.kernels.allreduce.traffic import Ints, node_by_node

ITEMSIZE = 4  # bytes of a float32
KEEP = 4  # hierarchies of each rank count, for each size
DIGITS = 9  # of a predicted time; what differs beyond is rounding

Times = dict[str, tuple[float, ...]]  # name -> predicted seconds, by size


def factorisations(ranks: int) -> Iterator[tuple[int, ...]]:
    """Yield the ordered factorisations into factors of at least 2.

    >>> list(factorisations(8))
    [(2, 2, 2), (2, 4), (4, 2), (8,)]
    """
    if ranks == 1:
        yield ()
    for first in range(2, ranks + 1):
        if ranks % first == 0:
            yield from ((first, *rest) for rest in factorisations(ranks // first))


def exhaustive(ranks: int) -> list[str]:
    """Return every hierarchy of the rank count, with every pattern at every level."""
    return [
        "x".join(f"{size}{letter}" for size, letter in zip(sizes, letters, strict=True))
        for sizes in factorisations(ranks)
        for letters in product(*map(_letters, sizes))
    ]


def contained(
    ranks: int,
    ranks_per_node: int,
    sizes: Sequence[int],
    links: Links,
    itemsize: int = ITEMSIZE,
    keep: int = KEEP,
) -> Times:
    """Return the hierarchies grown level by level from the `keep` best of fewer ranks.

    Small hierarchies are judged where they will be: on the first ranks of the machine.
    """
    best: dict[int, list[str]] = {1: [""]}
    found: Times = {}
    for count in (n for n in range(2, ranks + 1) if ranks % n == 0):
        place = count, min(ranks_per_node, count)
        grown = {
            "x".join(filter(None, (small, f"{count // few}{letter}"))): None
            for few, names in best.items()
            if count % few == 0
            for small in names
            for letter in _letters(count // few)
        }
        found = forecast(grown, *place, sizes, links, itemsize)
        best[count] = best_of_each(found, keep, *place)
    return found


def forecast(
    names: Iterable[str],
    ranks: int,
    ranks_per_node: int,
    sizes: Sequence[int],
    links: Links,
    itemsize: int = ITEMSIZE,
) -> Times:
    """Return the predicted seconds of each name that fits, for each size.

    Only what is made of messages (`names.FORMS`) can be predicted.
    """
    nodes = node_by_node(ranks, ranks_per_node)
    found: Times = {}
    for name in names:
        if name in LIBRARIES or parse(name).form not in FORMS:
            continue
        try:
            schedule = parse(name).schedule(ranks, ranks_per_node)
        except (UsageError, ValueError):  # such as halving of an odd level
            continue
        found[name] = tuple(
            predict(schedule, nodes, size - size % itemsize, itemsize, links).time_s
            for size in sizes
        )
    return found


def _letters(size: int) -> list[str]:
    """Return the letters of the patterns of a level; the default has none."""
    return ["", *(name[0] for name in list(PATTERNS)[1:])] if size > 2 else [""]


def best_of_each(
    times: Mapping[str, tuple[float, ...]], keep: int, ranks: int, ranks_per_node: int
) -> list[str]:
    """Return the names that are among the `keep` fastest for some size."""
    best: dict[str, None] = {}
    for number in range(len(next(iter(times.values()), ()))):
        order = distinct(ranked(times, number), ranks, ranks_per_node)
        best.update(dict.fromkeys(islice(order, keep)))
    return list(best)


def ranked(times: Mapping[str, tuple[float, ...]], number: int) -> list[str]:
    """Return the names by their time for a size; where it is the same, plain first."""

    def key(name: str) -> tuple[float, int, int]:
        letters = sum(letter.isalpha() and letter != "x" for letter in name)
        return float(f"{times[name][number]:.{DIGITS}e}"), letters, len(name)

    return sorted(times, key=key)


def distinct(names: Iterable[str], ranks: int, ranks_per_node: int) -> Iterator[str]:
    """Yield the names that do not do what an earlier one does."""
    seen = set()
    for name in names:
        found = meaning(name, ranks, ranks_per_node)
        if found not in seen:
            seen.add(found)
            yield name


@cache
def meaning(name: str, ranks: int, ranks_per_node: int) -> object:
    """Return what is the same for names that do the same."""
    if name in LIBRARIES:
        return name
    parsed = parse(name)
    if parsed.by_library:
        return parsed.form, parsed.levels(ranks, ranks_per_node), parsed.block
    executor = "" if parsed.form in FORMS else parsed.form
    schedule = parsed.schedule(ranks, ranks_per_node)
    return executor, profile(schedule, node_by_node(ranks, ranks_per_node))


def profile(schedule: Schedule, nodes: Ints) -> bytes:
    """Return a digest of what each round asks of ranks and nodes, whoever they are.

    Of every message: its share of the buffer, whether it leaves its node, whether it is
    added, and how many such its ranks and nodes have in the round. Equal for tables
    that differ in nothing but the numbers of chunks, and of ranks on their nodes.
    """
    rows, ranks = schedule.rows, schedule.ranks
    rounds = np.repeat(np.arange(schedule.rounds), np.diff(schedule.starts))
    off = nodes[rows["src"]] != nodes[rows["dst"]]
    ends = [end for rank in (rows["src"], rows["dst"]) for end in (rank, nodes[rank])]
    keys = [(rounds * ranks + end) * 2 + off for end in ends]
    loads = [np.bincount(key)[key] for key in keys]
    share = rows["count"] / schedule.chunks
    columns = np.array([rounds, share, off, rows["reduce"], *loads], dtype=np.float64)
    return blake2b(columns[:, np.lexsort(columns)].tobytes()).digest()
