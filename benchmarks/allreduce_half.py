"""16-bit sums: against MPI's own float16, and against float32 of as many bytes.

    mpiexec -n 2 python -m mpi4py benchmarks/allreduce_half.py

Shared memory and the compiled ring in float16, bfloat16 (which MPI cannot sum) and
float32 take turns in one process group; how is told in `allreduce_shm`. The library's
float16 takes part only in every round's first repetition: it is slow. Exits 1 where
either is beyond a bar: 20 times faster than MPI_Allreduce on float16, and within 10 %
of its own float32 time.
"""

import argparse
import sys

from allreduce_turns import Bar, compare, judge  # type: ignore[import-not-found]
from mpi4py import MPI

from tenbin.kernels.allreduce.library import supports
from tenbin.topology import discover
from tenbin.units import parse_sizes

VARIANTS = ("shm:flat", "flat")
SHORT = ("float16", "bfloat16")
DTYPES = ("float32", *SHORT)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1MiB,4MiB,16MiB,64MiB")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--repetitions", type=int, default=8, help="in each round")
    asked = parser.parse_args(arguments)
    topology = discover(MPI.COMM_WORLD)
    beyond = 0
    for size in parse_sizes(asked.sizes):
        series = {
            f"{name} {dtype}": (name, dtype) for name in VARIANTS for dtype in DTYPES
        }
        if supports("float16"):
            series["library float16"] = ("library", "float16")
        times = compare(topology, series, size, asked.rounds, asked.repetitions)
        for name in VARIANTS:
            near = {f"{name} {dtype}": Bar(at_least=1 / 1.1) for dtype in SHORT}
            beyond += judge(topology, size, times, f"{name} float32", near)
        if "library float16" in times:
            far = {
                f"{name} {dtype}": Bar(at_least=20.0)
                for name in VARIANTS
                for dtype in SHORT
            }
            beyond += judge(topology, size, times, "library float16", far)
    topology.free()
    return int(beyond > 0)


if __name__ == "__main__":
    sys.exit(main())
