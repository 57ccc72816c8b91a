"""Verbs that run on ranks: on those that are here, or on ranks of their own.

tenbin allreduce trace 2x2 --ranks 4      judges what is asked, starts four ranks,
  mpiexec -n 4 tenbin allreduce trace ... which judge it again and do the work
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenbin.errors import NoDataError, TenbinError, UsageError
from tenbin.jobs.environment import launcher_variable
from tenbin.launcher import Ended, find_mpiexec, launch
from tenbin.machine import cores_allowed

if TYPE_CHECKING:  # starting ranks needs no MPI library
    from tenbin.case import Case
    from tenbin.topology import Topology

PROGRAM = (sys.executable, "-m", "mpi4py", "-m", "tenbin", "allreduce")
SILENCE_S = 300.0
SPEAKERS = ("tenbin: ", "Error: ")  # how the line begins that says what went wrong


@dataclass(frozen=True)
class Place:
    """How many ranks there are, and how many on each node."""

    ranks: int
    ranks_per_node: int

    @property
    def nodes(self) -> int:
        """Return the number of nodes."""
        return self.ranks // self.ranks_per_node


def ranked(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a verb that runs on ranks."""
    own = click.option("--ranks", type=int, help="Start this many ranks of its own.")
    emulated = click.option(
        "--ranks-per-node", type=int, help="Emulate nodes of this size."
    )
    return own(emulated(verb))


def own_place(ranks: int | None, ranks_per_node: int | None) -> Place | None:
    """Return the place of ranks to start, None where those that are here do the work.

    Raises UsageError where the ranks do not fill the nodes.
    """
    if ranks is None:
        return None
    per_node = ranks if ranks_per_node is None else ranks_per_node
    if ranks < 2:
        raise UsageError(f"--ranks {ranks}: an allreduce has at least 2 ranks")
    if per_node < 1 or ranks % per_node:
        raise UsageError(f"--ranks {ranks} does not fill nodes of {per_node} ranks")
    return Place(ranks, per_node)


def judged(algorithm: str, dtype: str, sizes: str, place: Place) -> list["Case"]:
    """Return a case for each size; raise UsageError where one cannot run here."""
    from tenbin.case import Case
    from tenbin.kernels.allreduce import KERNEL
    from tenbin.kernels.allreduce.problem import AllreduceProblem
    from tenbin.units import parse_sizes

    variant, where = KERNEL.variant(algorithm), (place.ranks, place.ranks_per_node)
    problems = map(AllreduceProblem, parse_sizes(sizes))
    cases = [Case("allreduce", variant, dtype, one, *where) for one in problems]
    for reason in filter(None, map(KERNEL.decline, cases)):
        raise UsageError(reason)
    return cases


@contextmanager
def ranks_here(ranks_per_node: int | None) -> Iterator["Topology"]:
    """Yield the topology of the ranks that are here; collective.

    Raises UsageError where there is one rank alone.
    """
    from mpi4py import MPI

    from tenbin.topology import discover

    topology = discover(MPI.COMM_WORLD, ranks_per_node)
    if topology.size < 2:
        raise UsageError("allreduce needs 2 ranks: give --ranks, or use mpiexec")
    yield topology
    topology.free()


def place_of(topology: "Topology") -> Place:
    """Return the place of the ranks that are here."""
    return Place(topology.size, topology.ranks_per_node)


def call_on_ranks(
    place: Place,
    *words: str,
    options: Mapping[str, Any],
    done: Callable[[], int] = lambda: 0,
) -> None:
    """Run `tenbin allreduce WORDS --OPTIONS` on ranks; `done()` says it goes on.

    An option of None is left out. Raises what the ranks raised, by their exit code and
    the line that they say.
    """
    inside = launcher_variable()
    if inside:
        raise UsageError(f"--ranks starts ranks of its own, but {inside} is set")
    start = find_mpiexec().arguments(place.ranks, cores_allowed(), place.nodes)
    given = {**options, "ranks_per_node": place.ranks_per_node}
    with tempfile.TemporaryDirectory(prefix="tenbin-") as folder:
        log = Path(folder) / "log"
        ended = launch(
            [*start, *PROGRAM, *words, *_spelt(given)],
            log,
            lambda: (done(), log.stat().st_size if log.exists() else 0),
            SILENCE_S,
        )
    if not ended.ok:
        raise error_of(ended)


def _spelt(options: Mapping[str, Any]) -> list[str]:
    return [
        f"--{name.replace('_', '-')}={value}"
        for name, value in options.items()
        if value is not None
    ]


def error_of(ended: Ended) -> TenbinError:
    """Return the error that the ranks raised, or one that says how they ended."""
    said = [line for line in ended.output if line.startswith(SPEAKERS)]
    if said and not ended.timed_out:
        kinds = {kind.exit_code: kind for kind in (UsageError, NoDataError)}
        return kinds.get(ended.code, TenbinError)(said[-1].partition(": ")[2])
    last = ended.output[-1] if ended.output else "no output"
    why = f"silent for {SILENCE_S:g} s" if ended.timed_out else f"{ended.code}"
    return TenbinError(f"the ranks ended ({why}): {last}")
