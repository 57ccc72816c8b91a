"""How fast large schedules are built and predicted, against bars in seconds.

Exits 1 where one is slower than its bar.
"""

import argparse
import sys
import time

from tenbin.kernels.allreduce.cost import predict
from tenbin.kernels.allreduce.machines import load
from tenbin.kernels.allreduce.names import parse
from tenbin.kernels.allreduce.traffic import node_by_node

MESSAGE_BYTES = 2**26 + 4  # does not divide: chunks differ
# algorithm, ranks, ranks per node, bar in seconds
CASES = (
    ("64x64", 4096, 64, 5.0),
    ("two-level", 4096, 4, 5.0),
    ("flat", 1024, 4, 10.0),
    ("tree/16", 4096, 4, 5.0),
    ("swing", 4096, 4, 5.0),
)


def seconds(name: str, ranks: int, ranks_per_node: int) -> tuple[float, float]:
    """Return the seconds to build a schedule, and to predict its time."""
    links = load("abci1").links
    began = time.perf_counter()
    schedule = parse(name).schedule(ranks, ranks_per_node)
    built = time.perf_counter()
    predict(schedule, node_by_node(ranks, ranks_per_node), MESSAGE_BYTES, 4, links)
    return built - began, time.perf_counter() - built


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repetitions", type=int, default=3, help="the median counts")
    repetitions = parser.parse_args(arguments).repetitions
    slow = False
    for name, ranks, ranks_per_node, bar in CASES:
        runs = [seconds(name, ranks, ranks_per_node) for _ in range(repetitions)]
        build, cost = sorted(runs, key=sum)[len(runs) // 2]
        total = build + cost
        slow = slow or total > bar
        mark = "TOO SLOW" if total > bar else "ok"
        print(
            f"{name:<10} {ranks:>5} ranks  build {build:5.2f} s  "
            f"predict {cost:5.2f} s  bar {bar:4.1f} s  {mark}"
        )
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
