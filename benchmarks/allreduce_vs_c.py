"""What the suite adds to MPI_Allreduce: `measure` against a C loop of the same call.

    mpiexec -n 2 python -m mpi4py benchmarks/allreduce_vs_c.py

One process per rank, the same buffers and thread level, a communicator each; the C
loop, the `library` variant and the compiled ring take turns, so that the machine's mood
meets them alike. Exits 1 where `library` is further than the bar from C at 1 MiB or
more; smaller sizes, and the ring against `library`, are printed for information.
"""

import argparse
import ctypes
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin import stats
from tenbin.clock import Clock, synchronise
from tenbin.kernel import Options, Task
from tenbin.kernels.allreduce.pool import Pool, buffers_needed, make_pool
from tenbin.kernels.allreduce.task import task_on
from tenbin.measure import Rule, measure
from tenbin.topology import Topology, discover
from tenbin.units import format_bytes, parse_sizes

BAR = 0.05
JUDGED_BYTES = 2**20
SOURCE = Path(__file__).with_name("allreduce_loop.c")

Timer = Callable[[], float]  # median makespan in ns, the same on all ranks


def compile_loop(world: MPI.Comm, folder: str) -> ctypes.CDLL:
    """Compile the C loop on rank 0 with the MPI compiler of this environment."""
    library = Path(world.bcast(folder)) / "allreduce_loop.so"
    if world.rank == 0:
        beside = Path(sys.executable).with_name("mpicc")
        mpicc = str(beside) if beside.exists() else "mpicc"
        flags = ["-O2", "-shared", "-fPIC", "-o", str(library)]
        subprocess.run([mpicc, *flags, str(SOURCE)], check=True)
    world.Barrier()
    return ctypes.CDLL(str(library))


def median_ns(
    comm: MPI.Comm, entry: NDArray[np.int64], exit: NDArray[np.int64]
) -> float:
    """Return the median of last exit minus first entry."""
    entries, exits = comm.allgather(entry), comm.allgather(exit)
    makespans = stats.makespans(np.transpose(entries), np.transpose(exits))
    return float(np.median(makespans))


def c_timer(loop: ctypes.CDLL, comm: MPI.Comm, pool: Pool, repetitions: int) -> Timer:
    turns, count = len(pool.buffers), pool.buffers[0].size
    addresses = (ctypes.c_void_p * turns)(*(b.ctypes.data for b in pool.buffers))
    entry, exit = np.zeros((2, repetitions), dtype=np.int64)
    period = ctypes.c_void_p(pool.mine.ctypes.data)
    stamps = (ctypes.c_void_p(entry.ctypes.data), ctypes.c_void_p(exit.ctypes.data))

    def run() -> float:
        place = (comm.py2f(), repetitions)
        error = loop.allreduce_loop(
            addresses, turns, count, period, pool.mine.size, *place, *stamps
        )
        if error:
            raise MPI.Exception(error)
        return median_ns(comm, entry, exit)

    return run


def tenbin_timer(comm: MPI.Comm, task: Task, clock: Clock, repetitions: int) -> Timer:
    rule = Rule(
        budget_s=60.0,
        precision=1e-9,
        min_repetitions=repetitions,
        max_repetitions=repetitions,
        max_warmup=1,
    )

    def run() -> float:
        outcome = measure(comm, task, rule, clock)
        if not outcome.check.ok:
            raise RuntimeError(f"wrong sum: {outcome.check}")
        samples, median = outcome.samples, 0.0
        if comm.rank == 0:
            makespans = stats.makespans(samples.entry_ns, samples.exit_ns)
            median = float(np.median(makespans))
        return float(comm.bcast(median))

    return run


def compare(timers: dict[str, Timer], rounds: int) -> dict[str, list[float]]:
    """Return the medians of each timer, round by round, each going first in turn."""
    names = list(timers)
    found: dict[str, list[float]] = {name: [] for name in names}
    for name in names:
        timers[name]()  # warm-up
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(timers[name]())
    return found


def weigh_size(
    size: int, topology: Topology, loop: ctypes.CDLL, rounds: int, repetitions: int
) -> dict[str, list[float]]:
    world = topology.world
    buffers = buffers_needed(size, topology.ranks_per_node, Options())
    pool = make_pool(size // 4, "float32", world.size, world.rank, buffers, seed=1)
    tasks = {name: task_on(name, topology, pool) for name in ("library", "flat")}
    clock, comm = synchronise(world), world.Dup()
    timers = {"C": c_timer(loop, comm, pool, repetitions)} | {
        name: tenbin_timer(world, task, clock, repetitions)
        for name, task in tasks.items()
    }
    found = compare(timers, rounds)
    for task in tasks.values():
        task.release()
    comm.Free()
    return found


def ratio(found: dict[str, list[float]], over: str, under: str) -> tuple[float, str]:
    """Return the median ratio of two timers over the rounds, and its cell."""
    ratios = np.divide(found[over], found[under])
    low, high = stats.median_interval(ratios)
    middle = float(np.median(ratios))
    return middle, f"{middle:6.3f} [{low:.3f}, {high:.3f}]"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="8B,64KiB,1MiB,4MiB,16MiB")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--repetitions", type=int, default=20, help="in each round")
    parser.add_argument("--bar", type=float, default=BAR, help="largest relative cost")
    asked = parser.parse_args(arguments)
    sizes = parse_sizes(asked.sizes)
    if max(sizes) < JUDGED_BYTES:
        parser.error(f"--sizes: only {format_bytes(JUDGED_BYTES)} and more are judged")
    topology = discover(MPI.COMM_WORLD)
    speaks = topology.rank == 0
    if speaks:
        print(
            f"{topology.size} ranks, float32; medians in us over {asked.rounds} rounds"
        )
        print(
            f"{'size':>8} {'C':>9} {'library':>9} {'library / C':>23}"
            f" {'flat':>9} {'flat / library':>23}"
        )
    beyond = False
    with tempfile.TemporaryDirectory() as folder:
        loop = compile_loop(topology.world, folder)
        for size in sizes:
            found = weigh_size(size, topology, loop, asked.rounds, asked.repetitions)
            cost, cell = ratio(found, "library", "C")
            judged = size >= JUDGED_BYTES
            beyond = beyond or (judged and abs(cost - 1.0) > asked.bar)
            c, library, flat = (np.median(times) / 1e3 for times in found.values())
            if speaks:
                print(
                    f"{format_bytes(size):>8} {c:9.2f} {library:9.2f} {cell:>23}"
                    f" {flat:9.2f} {ratio(found, 'flat', 'library')[1]:>23}",
                    flush=True,
                )
        topology.world.Barrier()
    if speaks:
        print(f"{'beyond' if beyond else 'within'} the bar of {asked.bar:.0%}")
    topology.free()
    return int(beyond)


if __name__ == "__main__":
    sys.exit(main())
