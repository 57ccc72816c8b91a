"""Search: which algorithms are worth measuring on given links.

Of the space of hierarchies the best few; what they do in other forms, with the ranks
in another order and in segments; of all these what is predicted to be near the fastest.
All are names in the grammar of `names`; all times are predictions. What is not made of
messages of ours, memory that a node shares and calls of the library per level, has no
prediction: it is measured beside them, over levels that fit the nodes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from tenbin.kernels.allreduce.links import Links
from tenbin.kernels.allreduce.names import FORMS, LIBRARY, LIBRARY_FORMS, WHOLE, parse
from tenbin.kernels.allreduce.space import (
    ITEMSIZE,
    KEEP,
    Times,
    best_of_each,
    contained,
    distinct,
    forecast,
    ranked,
)
from tenbin.rule import Rule

OWN_PAIR = "lib:flat"  # the library's reduce-scatter and allgather
BASELINES = (LIBRARY, OWN_PAIR, "flat")
SEGMENTS = (4, 16)
MARGIN = 0.25  # slower by prediction than the best, beyond the error of the model


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


def candidates(
    ranks: int,
    ranks_per_node: int,
    sizes: Sequence[int],
    links: Links,
    itemsize: int = ITEMSIZE,
) -> Times:
    """Return the predicted times of all that is worth a thought.

    Hierarchies; then forms of the best of them, other orders of ranks, and segments.
    """
    place = ranks, ranks_per_node
    found = contained(*place, sizes, links, itemsize)
    for more in (_forms, _orders, _segments):
        names = more(found, *place)
        found = {**found, **forecast(names, *place, sizes, links, itemsize)}
    return found


def _forms(times: Times, ranks: int, ranks_per_node: int) -> list[str]:
    best = best_of_each(times, KEEP, ranks, ranks_per_node)
    return [*(f"{form}:{name}" for form in FORMS if form for name in best), *WHOLE]


def _orders(times: Times, ranks: int, ranks_per_node: int) -> list[str]:
    """Return the best names with fewer neighbours on a node, down to round robin."""
    if ranks == ranks_per_node:
        return []
    best = best_of_each(times, KEEP, ranks, ranks_per_node)
    blocks = [b for b in range(1, ranks_per_node) if ranks_per_node % b == 0]
    return [str(replace(parse(name), block=b)) for name in best for b in blocks]


def _segments(times: Times, ranks: int, ranks_per_node: int) -> list[str]:
    best = best_of_each(times, 1, ranks, ranks_per_node)
    return [str(replace(parse(name), segments=n)) for name in best for n in SEGMENTS]


def survivors(
    ranks: int,
    ranks_per_node: int,
    sizes: Sequence[int],
    links: Links,
    most: int = 8,
    itemsize: int = ITEMSIZE,
) -> dict[int, tuple[str, ...]]:
    """Return, for each size, the names to measure: baselines, then best predicted.

    Then come those that nothing predicts, at most four.
    """
    place = ranks, ranks_per_node
    times = candidates(*place, sizes, links, itemsize)
    limit = 1.0 + MARGIN + links.error_share
    chosen = {}
    for number, size in enumerate(sizes):
        order = ranked(times, number)
        fastest = times[order[0]][number]
        near = (n for n in order if times[n][number] <= limit * fastest)
        best = islice(distinct([*BASELINES, *near], *place), len(BASELINES) + most)
        others = unpredicted(*place, size, links, itemsize)
        chosen[size] = tuple(distinct([*best, *others], *place))
    return chosen


def unpredicted(
    ranks: int, ranks_per_node: int, size: int, links: Links, itemsize: int = ITEMSIZE
) -> list[str]:
    """Return the names of shared memory and library calls over the nodes.

    Across nodes, shared memory takes the best levels for the share of a rank.
    """
    nodes = ranks // ranks_per_node
    if ranks_per_node == 1:
        return []
    if nodes == 1:
        return [f"shm:{ranks}", f"shm-copy:{ranks}"]
    share = max(size // ranks_per_node, itemsize)
    across = contained(nodes, 1, [share], links, itemsize)
    outer = dict.fromkeys((f"{nodes}", *best_of_each(across, 1, nodes, 1)))
    shared = [f"shm:{ranks_per_node}x{levels}" for levels in outer]
    by_library = [f"{form}:{ranks_per_node}x{nodes}" for form in LIBRARY_FORMS]
    return [*shared, *by_library]
