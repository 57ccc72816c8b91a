"""What the verbs about one algorithm share: options, and what they mean."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from tenbin.errors import UsageError
from tenbin.kernels.allreduce.links import Link, Links
from tenbin.kernels.allreduce.machines import Machine, load
from tenbin.kernels.allreduce.names import LIBRARIES, Name, canonical, parse
from tenbin.kernels.allreduce.schedule import Schedule
from tenbin.kernels.allreduce.traffic import node_by_node

# where no machine is named, for closed forms: no ports are shared, as in textbooks
TEXTBOOK = Links(Link(1e-6, 1e-10), Link(1e-6, 1e-10), 1e-11)


@dataclass(frozen=True)
class Asked:
    """An algorithm on so many ranks of a machine."""

    name: Name
    ranks: int
    ranks_per_node: int
    machine: Machine | None

    @cached_property
    def schedule(self) -> Schedule:
        """Return the schedule; raise UsageError where the name does not fit."""
        return self.name.schedule(self.ranks, self.ranks_per_node)

    @property
    def nodes(self) -> NDArray[np.int_]:
        """Return the node of every rank."""
        return node_by_node(self.ranks, self.ranks_per_node)

    @property
    def links(self) -> Links:
        """Return the links of the machine, or those of a textbook."""
        return self.machine.links if self.machine else TEXTBOOK

    @property
    def place(self) -> str:
        """Say where it runs."""
        count = self.ranks // self.ranks_per_node
        nodes = f"{count} node{'s' * (count != 1)}"
        return f"{self.ranks} ranks on {nodes} of {self.ranks_per_node}"

    def __str__(self) -> str:
        """Say what runs where."""
        return f"{self.name}: {self.place}"


def placed(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say where an algorithm runs."""
    options = (
        click.option(
            "--ranks", type=click.IntRange(2), help="How many; 4x2 implies 8."
        ),
        click.option("--nodes", type=click.IntRange(1), help="Instead of --ranks."),
        click.option(
            "--ranks-per-node",
            type=click.IntRange(1),
            help="That of the machine; without one, the first level.",
        ),
        click.option("--machine", help="abci1, tsubame3, fugaku, or a TOML file."),
    )
    for option in reversed(options):
        verb = option(verb)
    return verb


def ask(
    algorithm: str,
    ranks: int | None,
    nodes: int | None,
    ranks_per_node: int | None,
    machine: str | None,
) -> Asked:
    """Return what the options mean; raise UsageError where they do not fit."""
    if canonical(algorithm) in LIBRARIES:
        raise UsageError(f"{algorithm} has no schedule: name another algorithm")
    name = parse(algorithm)
    where = load(machine) if machine else None
    inner = ranks_per_node or (where.ranks_per_node if where else 0)
    if nodes is not None:
        inner = inner or (name.sizes[0] if name.sizes else 1)
        if ranks not in (None, nodes * inner):
            raise UsageError(f"{nodes} nodes of {inner} are not {ranks} ranks")
        ranks = nodes * inner
    total = ranks or prod(name.sizes)
    if not ranks and not name.sizes:
        raise UsageError(f"{name} follows the machine: give --ranks or --nodes")
    inner = inner or _first_level(name, total)
    if total % inner:
        raise UsageError(f"{total} ranks are no whole number of nodes of {inner}")
    name.levels(total, inner)
    return Asked(name, total, inner, where)


def _first_level(name: Name, ranks: int) -> int:
    return name.sizes[0] if name.sizes and ranks % name.sizes[0] == 0 else ranks
