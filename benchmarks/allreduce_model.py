"""How far predictions are from measurement: links from ping-pongs, times of allreduces.

    python benchmarks/allreduce_model.py            one node, and the lab where there is
    python benchmarks/allreduce_model.py --ranks 4  so many ranks on the one node

The fit sees probes of powers of two. It is judged on allreduces: hierarchies and sizes
it has not seen, in turns, checked, by the median of the slowest rank. Probes and sizes
take turns, so that what drifts meets both. Exits 1 where the median absolute error of a
machine is beyond the bar.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from mpi4py import MPI

from tenbin.case import Case
from tenbin.kernel import Options
from tenbin.kernels.allreduce import KERNEL
from tenbin.kernels.allreduce.executors import node_of_ranks
from tenbin.kernels.allreduce.explore import ADDED_BYTES, PROBED_BYTES
from tenbin.kernels.allreduce.fit import fit_links
from tenbin.kernels.allreduce.links import Links
from tenbin.kernels.allreduce.pingpong import probe, time_adds, typical
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.kernels.allreduce.space import forecast
from tenbin.launcher import find_mpiexec, launch
from tenbin.machine import cores_allowed
from tenbin.topology import Topology, discover
from tenbin.units import format_bytes, parse_sizes

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.lab.netns.lab import TURN_NS, lab, missing
from tests.lab.netns.slice import shorten_turns

BAR = 0.15
LAYOUTS = ((4, 2), (2, 4))  # nodes, ranks per node in the lab
SILENCE_S = 120.0

Row = tuple[str, int, float, float]  # name, bytes, measured and predicted seconds


def names(topology: Topology) -> list[str]:
    """Return hierarchies of the ranks: of one level, of two, in segments."""
    whole = [f"{topology.size}", f"{topology.size}d"]
    if topology.size % 2 or topology.size == 2:
        return whole
    inner = topology.ranks_per_node if topology.nodes > 1 else topology.size // 2
    two = f"{inner}x{topology.size // inner}"
    direct = f"{inner}dx{topology.size // inner}d"
    return [*whole, two, direct, f"leader:{two}"]


def measure(topology: Topology, size: int, rounds: int) -> dict[str, float]:
    """Return the median seconds of each name for one size."""
    world, where = topology.world, (topology.size, topology.ranks_per_node)
    problem = AllreduceProblem(size)
    tasks = {
        name: KERNEL.prepare(
            Case("allreduce", name, "float32", problem, *where), topology, Options()
        )
        for name in names(topology)
    }
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for turn in range(-1, rounds):
        for name, task in tasks.items():
            task.reset(turn + 1)
            world.Barrier()
            began = time.perf_counter()
            task.run()
            spent = world.allreduce(time.perf_counter() - began, op=MPI.MAX)
            if not world.allreduce(task.check().ok, op=MPI.LAND):
                raise RuntimeError(f"{name}: wrong sum")
            if turn >= 0:
                times[name].append(spent)
    for task in tasks.values():
        task.release()
    return {name: statistics.median(spent) for name, spent in times.items()}


def inside(sizes: str, rounds: int) -> None:
    topology = discover(MPI.COMM_WORLD)
    world, nodes = topology.world, node_of_ranks(topology)
    passes, found = [], {}
    for size in parse_sizes(sizes):
        passes.append(probe(world, nodes, PROBED_BYTES))
        found[size] = measure(topology, size, rounds)
    links = fit_links(typical(passes), time_adds(world, nodes, ADDED_BYTES, "float32"))
    if topology.rank == 0:
        print("links", links)
        print("found", json.dumps(compare(topology, found, links)), flush=True)
    topology.free()


def compare(
    topology: Topology, found: dict[int, dict[str, float]], links: Links
) -> list[Row]:
    """Return what was measured and predicted."""
    where = topology.size, topology.ranks_per_node
    predicted = forecast(names(topology), *where, list(found), links)
    return [
        (name, size, measured, predicted[name][number])
        for number, (size, times) in enumerate(found.items())
        for name, measured in times.items()
    ]


def judge(machine: str, text: str) -> bool:
    """Print every prediction; return whether the median error is within the bar."""
    lines = (line for line in text.splitlines() if line.startswith("found "))
    rows = [row for line in lines for row in json.loads(line.removeprefix("found "))]
    print(machine)
    print(*(line for line in text.splitlines() if line.startswith("links ")))
    errors = []
    for name, size, measured, predicted in rows:
        errors.append(abs(predicted / measured - 1.0))
        print(
            f"  {name:12} {format_bytes(size):>8} {measured * 1e3:9.3f} ms, predicted "
            f"{predicted * 1e3:9.3f} ms {predicted / measured - 1.0:+7.1%}"
        )
    middle = statistics.median(errors)
    good = bool(middle <= BAR)
    verdict = "within" if good else "beyond"
    print(f"  median error {middle:.1%}, bar {BAR:.0%}: {verdict}", flush=True)
    return good


def on_one_node(arguments: list[str], ranks: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        start = find_mpiexec().arguments(ranks, cores_allowed())
        program = [sys.executable, "-m", "mpi4py", *arguments]
        ended = launch([*start, *program], log, lambda: log.stat().st_size, SILENCE_S)
        text = log.read_text()
    if not ended.ok:
        raise RuntimeError(text)
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="48KiB,192KiB,768KiB,3MiB,12MiB")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--ranks", type=int, default=2, help="on one node")
    parser.add_argument("--only", choices=["node", "lab"])
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        inside(asked.sizes, asked.rounds)
        return 0
    shorten_turns(TURN_NS)
    arguments = [__file__, "--inside", "--sizes", asked.sizes]
    arguments += ["--rounds", str(asked.rounds)]
    verdicts = []
    if asked.only != "lab":
        text = on_one_node(arguments, asked.ranks)
        verdicts.append(judge(f"one node, {asked.ranks} ranks", text))
    reason = missing()
    if reason or asked.only == "node":
        print(f"lab skipped: {reason or 'not asked for'}")
        return int(not all(verdicts))
    with lab(max(nodes for nodes, _ in LAYOUTS), "1gbit") as cluster:
        for nodes, per_node in LAYOUTS:
            text = cluster.run(arguments, per_node, nodes)
            verdicts.append(judge(f"lab, {nodes} nodes x {per_node}", text))
    return int(not all(verdicts))


if __name__ == "__main__":
    sys.exit(main())
