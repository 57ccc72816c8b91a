"""How far predictions are from measurement: links from ping-pongs, times of allreduces.

    python benchmarks/allreduce_model.py            one node, and the lab where there is
    python benchmarks/allreduce_model.py --ranks 4  so many ranks on the one node

The fit sees probes of powers of two. It is judged on allreduces: layouts and sizes it
has not seen, checked, by the median of the slowest rank. Probes and allreduces take
turns, so that what drifts meets both. Exits 1 where the median absolute error of a
machine is beyond the bar, 77 where there is no lab and the node is within it.
"""

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import astuple
from pathlib import Path

from mpi4py import MPI

from tenbin.kernels.allreduce.calibrate import fit_passes, one_pass
from tenbin.kernels.allreduce.judge import Times, compare, time_allreduces
from tenbin.kernels.allreduce.space import distinct
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
SKIPPED = 77  # what all.py knows as skipped


def names(topology: Topology) -> list[str]:
    """Return layouts that no probe has: of one level, of two, leaders, in segments."""
    ranks, inner = topology.size, topology.ranks_per_node
    if topology.nodes == 1 and ranks % 2 == 0:
        inner = max(2, ranks // 2)
    outer = ranks // inner
    two, direct = f"{inner}x{outer}", f"{inner}dx{outer}d"
    if outer == 1:
        two, direct = f"{ranks}", f"{ranks}d"
    wanted = [f"{ranks}", f"{ranks}/4", f"{ranks}d", "doubling", "tree/4", two, direct]
    wanted += [f"leader:{two}", f"leader:{two}/4", f"full:{two}"]
    return list(distinct(wanted, ranks, topology.ranks_per_node))


def inside(sizes: str, rounds: int) -> None:
    topology = discover(MPI.COMM_WORLD)
    times: Times = {
        (name, size): [] for name in names(topology) for size in parse_sizes(sizes)
    }
    passes = []
    for number in range(rounds):
        passes.append(one_pass(topology))
        time_allreduces(topology, times)
        if topology.rank == 0:
            print("round", number, flush=True)  # silence would end the launch
    links = fit_passes(passes)
    if topology.rank == 0:
        print("links", links)
        rows = [astuple(one) for one in compare(topology, times, links)]
        print("found", json.dumps(rows), flush=True)
    topology.free()


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
    parser.add_argument("--rounds", type=int, default=3)
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
    if asked.only == "node":
        return int(not all(verdicts))
    if reason:
        print(f"lab skipped: {reason}")
        return SKIPPED if all(verdicts) else 1
    with lab(max(nodes for nodes, _ in LAYOUTS), "1gbit") as cluster:
        for nodes, per_node in LAYOUTS:
            text = cluster.run(arguments, per_node, nodes)
            verdicts.append(judge(f"lab, {nodes} nodes x {per_node}", text))
    return int(not all(verdicts))


if __name__ == "__main__":
    sys.exit(main())
