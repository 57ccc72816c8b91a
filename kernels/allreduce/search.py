"""Search: which algorithms are worth measuring on given links.

    exhaustive   every ordered factorisation of the rank count, a pattern per level
    contained    only hierarchies that grow from the best of fewer ranks

The best hierarchy for many ranks contains the best for few (Ueno and Yokota, CCGrid
2019), so that a level is only ever put around a survivor: for p = 2^k some k^2 tables
instead of 2^(k-1), times the patterns. Forms and segments are tried on what is left.
All are names in the grammar of `names`; all times are predictions. What is not made of
messages of ours, memory that a node shares and calls of the library per level, has no
prediction: it is measured beside them, over levels that fit the nodes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from tenbin.errors import UsageError
from tenbin.kernels.allreduce.cost import predict
from tenbin.kernels.allreduce.hierarchical import PATTERNS
from tenbin.kernels.allreduce.links import Links
from tenbin.kernels.allreduce.names import (
    FORMS,
    LIBRARIES,
    LIBRARY,
    LIBRARY_FORMS,
    WHOLE,
    parse,
)
from tenbin.kernels.allreduce.traffic import node_by_node
from tenbin.rule import Rule

OWN_PAIR = "lib:flat"  # the library's reduce-scatter and allgather
BASELINES = (LIBRARY, OWN_PAIR, "flat")
SEGMENTS = (4, 16)
ITEMSIZE = 4
KEEP = 4  # hierarchies of each rank count, for each size
MARGIN = 0.25  # slower by prediction than the best, beyond the error of the model

Times = dict[str, tuple[float, ...]]  # name -> predicted seconds, by size


@dataclass(frozen=True)
class Search:
    """What to search: `nodes` counts, sizes in bytes, and how long to measure."""

    nodes: tuple[int, ...]
    sizes: tuple[int, ...]
    dtype: str = "float32"
    most: int = 8
    rounds: int = 5
    rule: Rule = field(default_factory=Rule)
    launch: int = 0


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
        for letters in product(_letters(), repeat=len(sizes))
    ]


def contained(
    ranks: int,
    ranks_per_node: int,
    sizes: Sequence[int],
    links: Links,
    keep: int = KEEP,
) -> Times:
    """Return the hierarchies grown level by level from the `keep` best of fewer ranks.

    Small hierarchies are judged where they will be: on the first ranks of the machine.
    """
    best: dict[int, list[str]] = {1: [""]}
    found: Times = {}
    for count in (n for n in range(2, ranks + 1) if ranks % n == 0):
        grown = {
            "x".join(filter(None, (small, f"{count // few}{letter}"))): None
            for few, names in best.items()
            if count % few == 0
            for small in names
            for letter in _letters()
        }
        found = forecast(grown, count, min(ranks_per_node, count), sizes, links)
        best[count] = _best_of_each(found, keep)
    return found


def forecast(
    names: Iterable[str],
    ranks: int,
    ranks_per_node: int,
    sizes: Sequence[int],
    links: Links,
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
            predict(schedule, nodes, size - size % ITEMSIZE, ITEMSIZE, links).time_s
            for size in sizes
        )
    return found


def candidates(
    ranks: int, ranks_per_node: int, sizes: Sequence[int], links: Links
) -> Times:
    """Return the predicted times of all that is worth a thought."""
    grown = contained(ranks, ranks_per_node, sizes, links)
    best = _best_of_each(grown, KEEP)
    forms = [f"{form}:{name}" for form in FORMS if form for name in best]
    plain = forecast([*forms, *WHOLE], ranks, ranks_per_node, sizes, links)
    found = {**grown, **plain}
    cut = [f"{n}/{parts}" for n in _best_of_each(found, 1) for parts in SEGMENTS]
    pipelined = forecast(cut, ranks, ranks_per_node, sizes, links)
    return {**found, **pipelined}


def survivors(
    ranks: int, ranks_per_node: int, sizes: Sequence[int], links: Links, most: int = 8
) -> dict[int, tuple[str, ...]]:
    """Return, for each size, the names to measure: baselines, then best predicted.

    Then come those that nothing predicts, at most four.
    """
    times = candidates(ranks, ranks_per_node, sizes, links)
    limit = 1.0 + MARGIN + links.error_share
    chosen = {}
    for number, size in enumerate(sizes):
        order = sorted(times, key=lambda name: times[name][number])
        fastest = times[order[0]][number]
        near = [n for n in order if times[n][number] <= limit * fastest]
        others = unpredicted(ranks, ranks_per_node, size, links)
        names = [*BASELINES, *near[:most], *others]
        chosen[size] = distinct(names, ranks, ranks_per_node)
    return chosen


def unpredicted(ranks: int, ranks_per_node: int, size: int, links: Links) -> list[str]:
    """Return the names of shared memory and library calls over the nodes.

    Across nodes, shared memory takes the best levels for the share of a rank.
    """
    nodes = ranks // ranks_per_node
    if ranks_per_node == 1:
        return []
    if nodes == 1:
        return [f"shm:{ranks}", f"shm-copy:{ranks}"]
    share = max(size // ranks_per_node, ITEMSIZE)
    across = _best_of_each(contained(nodes, 1, [share], links), 1)
    outer = dict.fromkeys((f"{nodes}", *across))
    shared = [f"shm:{ranks_per_node}x{levels}" for levels in outer]
    by_library = [f"{form}:{ranks_per_node}x{nodes}" for form in LIBRARY_FORMS]
    return [*shared, *by_library]


def distinct(names: Iterable[str], ranks: int, ranks_per_node: int) -> tuple[str, ...]:
    """Return the names without those that spell an earlier one's levels anew."""
    kept: dict[object, str] = {}
    for name in names:
        kept.setdefault(_meaning(name, ranks, ranks_per_node), name)
    return tuple(kept.values())


def _meaning(name: str, ranks: int, ranks_per_node: int) -> object:
    if name == LIBRARY:
        return name
    parsed = parse(name)
    levels = parsed.levels(ranks, ranks_per_node)
    whole = parsed.shape if parsed.shape in WHOLE else ""
    patterns = parsed.patterns or (next(iter(PATTERNS)),) * len(levels)
    return parsed.form, whole, levels, patterns, parsed.segments, parsed.block


def _best_of_each(times: Mapping[str, tuple[float, ...]], keep: int) -> list[str]:
    """Return the names that are among the `keep` fastest for some size."""
    best: dict[str, None] = {}
    for number in range(len(next(iter(times.values()), ()))):
        order = sorted(times, key=lambda name: times[name][number])
        best.update(dict.fromkeys(order[:keep]))
    return list(best)


def _letters() -> list[str]:
    """Return the letters of the patterns; the default has none."""
    return ["", *(name[0] for name in list(PATTERNS)[1:])]
