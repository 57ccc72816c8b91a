"""Prove that the launcher makes one world of the right size on the right nodes.

    python -m tenbin.jobs.census RANKS NODES [LAUNCHER]     starts the ranks
    mpiexec ... python -m tenbin.jobs.census RANKS NODES --rank

A PMI that does not fit the MPI library makes RANKS worlds of one rank, and every one
of them ends with exit code 0: worth two seconds before the first measurement.
"""

import subprocess
import sys
from collections.abc import Sequence

from tenbin.errors import TenbinError
from tenbin.jobs.environment import node_name

RANK = "--rank"


def verdict(size: int, hosts: Sequence[str], ranks: int, nodes: int) -> str:
    """Return what is wrong with a world, or an empty string."""
    if size != ranks:
        return (
            f"the launcher made a world of {size} ranks, not {ranks}: its PMI does not "
            "fit this MPI library"
        )
    found = sorted(set(hosts))
    if len(found) != nodes:
        shown = ", ".join(found[:8])
        return f"{ranks} ranks run on {len(found)} nodes ({shown}), not on {nodes}"
    return ""


def count(ranks: int, nodes: int) -> int:
    """Take the census on every rank and return the exit code; rank 0 speaks."""
    from mpi4py import MPI

    world = MPI.COMM_WORLD
    hosts = world.allgather(node_name())
    wrong = verdict(world.size, hosts, ranks, nodes)
    if world.rank == 0:
        print(wrong or f"census: {ranks} ranks on {' '.join(dict.fromkeys(hosts))}")
    return int(bool(wrong))


def start(ranks: int, nodes: int, launcher: str) -> int:
    """Start the ranks with the launcher of the study and return its exit code."""
    from tenbin.launcher import find_mpiexec
    from tenbin.machine import cores_allowed

    mpiexec = find_mpiexec(launcher).arguments(ranks, cores_allowed(), nodes)
    module = ["-m", "mpi4py", "-m", "tenbin.jobs.census", str(ranks), str(nodes), RANK]
    command = [*mpiexec, sys.executable, *module]
    print(*command, flush=True)
    return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode


def main(ranks: str, nodes: str, launcher: str = "") -> int:
    """Start the ranks, or be one of them."""
    if launcher == RANK:
        return count(int(ranks), int(nodes))
    try:
        return start(int(ranks), int(nodes), launcher)
    except TenbinError as error:
        print(f"tenbin: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
