"""Call this command again on ranks of its own."""

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from tenbin.errors import TenbinError, UsageError
from tenbin.jobs.environment import launcher_variable
from tenbin.launcher import find_mpiexec, launch
from tenbin.machine import cores_allowed

SILENCE_S = 300.0


def count_nodes(ranks: int, ranks_per_node: int | None) -> int:
    """Return the nodes that ranks fill; raise UsageError where they do not."""
    per_node = ranks_per_node or ranks
    if ranks < 2:
        raise UsageError(f"--ranks {ranks}: an allreduce has at least 2 ranks")
    if per_node < 1 or ranks % per_node:
        raise UsageError(f"--ranks {ranks} does not fill nodes of {per_node} ranks")
    return ranks // per_node


def call_on_ranks(
    arguments: Sequence[str], ranks: int, nodes: int, done: Callable[[], int]
) -> None:
    """Run `tenbin allreduce ARGUMENTS` on `ranks` ranks; `done()` says it goes on.

    Raises TenbinError with the last line of output where it fails.
    """
    inside = launcher_variable()
    if inside:
        raise TenbinError(f"--ranks starts ranks of its own, but {inside} is set")
    start = find_mpiexec().arguments(ranks, cores_allowed(), nodes)
    program = [sys.executable, "-m", "mpi4py", "-m", "tenbin", "allreduce", *arguments]
    with tempfile.TemporaryDirectory(prefix="tenbin-") as folder:
        log = Path(folder) / "log"
        ended = launch(
            [*start, *program],
            log,
            lambda: (done(), log.stat().st_size if log.exists() else 0),
            SILENCE_S,
        )
    if not ended.ok:
        said = ended.output[-1] if ended.output else "no output"
        why = f"silent for {SILENCE_S:g} s" if ended.timed_out else f"{ended.code}"
        raise TenbinError(f"the ranks ended ({why}): {said}")
