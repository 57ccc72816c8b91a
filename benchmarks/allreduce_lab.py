"""Hierarchy against flat ring and library where links differ: a cluster in one box.

    python benchmarks/allreduce_lab.py          as root, with iproute2 and MPICH

Nodes are network namespaces behind links of 1 Gbit/s. All algorithms take turns on the
same ranks; every result is checked; times are medians of the slowest rank. Exits 1
where the best hierarchy gains less than its bar, or where the bytes on the links are
not those of the schedule.

Of n bytes, each of N nodes has to send 2 (N - 1)/N n at least, however they are summed
(Patarasuk and Yuan, 2009): the time of that at the rate of a link bounds every gain.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from mpi4py import MPI

from tenbin.case import Case
from tenbin.kernel import Options, Task
from tenbin.kernels.allreduce import KERNEL
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.topology import Topology, discover
from tenbin.units import format_bytes, parse_sizes

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.lab.netns.lab import lab, missing, sent_bytes

LAYOUTS = ((4, 2), (2, 4))  # nodes, ranks per node
OVER_FLAT = {(4, 2): 1.1, (2, 4): 1.5}
OVER_LIBRARY = 1.8
BYTES_WITHIN = 0.02
BITS = {"gbit": 1e9, "mbit": 1e6}  # units of tc
BASELINES = ("library", "flat")
SKIPPED = 77  # what all.py knows as skipped


def hierarchies(nodes: int, ranks_per_node: int) -> list[str]:
    """Return the two-level names to try; in segments, levels overlap."""
    g, n = ranks_per_node, nodes
    plain, direct = f"{g}x{n}", f"{g}dx{n}d"
    mixed = f"{g}dx{n}"
    return [
        plain,
        f"{plain}/4",
        f"{direct}/4",
        f"{mixed}/4",
        f"{mixed}/16",
        f"shm:{plain}",
    ]


def prepare(topology: Topology, size: int, names: list[str]) -> dict[str, Task]:
    place = topology.size, topology.ranks_per_node
    return {
        name: KERNEL.prepare(
            Case("allreduce", name, "float32", AllreduceProblem(size), *place),
            topology,
            Options(hot=True),
        )
        for name in names
    }


def link_bytes(topology: Topology) -> int:
    """Return what all nodes have sent over their links."""
    mine = 0
    if topology.local_rank == 0:
        mine = sent_bytes(Path("/proc/net/dev").read_text())
    topology.world.Barrier()
    total: int = topology.world.allreduce(mine)
    return total


def measure(
    topology: Topology, size: int, rounds: int, names: list[str]
) -> dict[str, dict[str, Any]]:
    """Return times in seconds and bytes over links, by name."""
    world, tasks = topology.world, prepare(topology, size, names)
    times: dict[str, list[float]] = {name: [] for name in tasks}
    moved: dict[str, list[int]] = {name: [] for name in tasks}
    for turn in range(-1, rounds):
        for name, task in tasks.items():
            task.reset(turn + 1)
            before = link_bytes(topology)
            world.Barrier()
            began = time.perf_counter()
            task.run()
            spent = world.allreduce(time.perf_counter() - began, op=MPI.MAX)
            after = link_bytes(topology)
            if not world.allreduce(task.check().ok, op=MPI.LAND):
                raise RuntimeError(f"{name}: wrong sum")
            if turn >= 0:
                times[name].append(spent)
                moved[name].append(after - before)
    wanted = {name: task.details.get("inter_bytes") for name, task in tasks.items()}
    for task in tasks.values():
        task.release()
    return {
        name: {"times": times[name], "moved": moved[name], "wanted": wanted[name]}
        for name in tasks
    }


def inside(sizes: str, rounds: int, algorithms: str) -> None:
    topology = discover(MPI.COMM_WORLD)
    ours = hierarchies(topology.nodes, topology.ranks_per_node)
    names = algorithms.split(",") if algorithms else [*BASELINES, *ours]
    for size in parse_sizes(sizes):
        found = measure(topology, size, rounds, names)
        if topology.rank == 0:
            print("found", json.dumps([size, found]), flush=True)
    topology.free()


def bound_s(nodes: int, size: int, rate: str) -> float:
    """Return the seconds below which no allreduce over such links can come."""
    unit = next(unit for unit in BITS if rate.endswith(unit))
    bits_per_s = float(rate.removesuffix(unit)) * BITS[unit]
    return 2 * (nodes - 1) / nodes * size * 8 / bits_per_s


def judge(
    layout: tuple[int, int], size: int, found: dict[str, dict[str, Any]], rate: str
) -> bool:
    """Print the medians, ratios and bytes of one size; return whether all bars hold."""
    nodes, per_node = layout
    middle = {name: statistics.median(row["times"]) for name, row in found.items()}
    best = min(hierarchies(nodes, per_node), key=middle.__getitem__)
    good = True
    print(f"{nodes} nodes x {per_node}, {format_bytes(size)}")
    for name, row in found.items():
        pairs = zip(found["flat"]["times"], row["times"], strict=True)
        gains = sorted(a / b for a, b in pairs)
        line = f"  {name:8} {middle[name] * 1e3:8.1f} ms  {gains[0]:.2f} .. "
        line += f"{gains[-1]:.2f}x of flat"
        if row["wanted"]:
            excess = statistics.median(row["moved"]) / row["wanted"] - 1.0
            good = good and abs(excess) <= BYTES_WITHIN
            line += f", link bytes {excess:+.2%} of the schedule's"
        print(line)
    over_flat, over_library = (
        middle[name] / middle[best] for name in ("flat", "library")
    )
    bar = OVER_FLAT[layout]
    good = good and over_flat >= bar and over_library >= OVER_LIBRARY
    print(
        f"  {best}: {over_flat:.2f}x of flat (bar {bar}), {over_library:.2f}x of "
        f"library (bar {OVER_LIBRARY}): {'within' if good else 'beyond'}"
    )
    least = bound_s(nodes, size, rate)
    most = ", ".join(f"{middle[name] / least:.2f}x of {name}" for name in BASELINES)
    print(
        f"  links allow {least * 1e3:.1f} ms, at most {most}; {best} uses "
        f"{least / middle[best]:.0%} of them",
        flush=True,
    )
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="16MiB,64MiB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rate", default="1gbit", help="of a link, as tc writes it")
    parser.add_argument("--algorithms", default="", help=argparse.SUPPRESS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        inside(asked.sizes, asked.rounds, asked.algorithms)
        return 0
    reason = missing()
    if reason:
        print(f"skipped: {reason}")
        return SKIPPED
    verdicts = []
    arguments = [__file__, "--inside", "--sizes", asked.sizes]
    arguments += ["--rounds", str(asked.rounds)]
    with lab(max(nodes for nodes, _ in LAYOUTS), asked.rate) as cluster:
        for nodes, per_node in LAYOUTS:
            text = cluster.run(arguments, per_node, nodes)
            lines = [line for line in text.splitlines() if line.startswith("found ")]
            for line in lines:
                size, found = json.loads(line.removeprefix("found "))
                verdicts.append(judge((nodes, per_node), size, found, asked.rate))
    return int(not (verdicts and all(verdicts)))


if __name__ == "__main__":
    sys.exit(main())
