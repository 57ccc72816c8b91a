"""What measuring costs: `measure` against a bare loop around the same product.

Both run in one process and take turns, so that the machine's mood meets both alike.
Exits 1 where the harness is more than the bar away from the loop.
"""

import argparse
import sys
import time

import numpy as np
from mpi4py import MPI
from threadpoolctl import threadpool_limits

from tenbin import stats
from tenbin.clock import synchronise
from tenbin.kernel import Task
from tenbin.measure import Rule, measure

BAR = 0.02


def gemm(n: int) -> Task:
    random = np.random.default_rng(1)
    a = random.random((n, n), dtype=np.float32)
    b = random.random((n, n), dtype=np.float32)
    c = np.empty_like(a)
    return Task(run=lambda: np.matmul(a, b, out=c))


def bare_ns(task: Task, repetitions: int) -> float:
    """Return the median time of a loop with nothing but two stamps in it."""
    times = []
    for _ in range(repetitions):
        began = time.perf_counter_ns()
        task.run()
        times.append(time.perf_counter_ns() - began)
    return float(np.median(times))


def harness_ns(task: Task, repetitions: int) -> float:
    """Return the median makespan of as many repetitions under `measure`."""
    rule = Rule(
        budget_s=60.0,
        precision=1e-9,
        min_repetitions=repetitions,
        max_repetitions=repetitions,
        max_warmup=1,
    )
    samples = measure(MPI.COMM_SELF, task, rule, synchronise(MPI.COMM_SELF)).samples
    return float(np.median(stats.makespans(samples.entry_ns, samples.exit_ns)))


def ratios(task: Task, rounds: int, repetitions: int) -> list[float]:
    """Return harness over bare loop, round by round, each going first in turn."""
    found = []
    for turn in range(rounds):
        if turn % 2:
            bare = bare_ns(task, repetitions)
            found.append(harness_ns(task, repetitions) / bare)
        else:
            harness = harness_ns(task, repetitions)
            found.append(harness / bare_ns(task, repetitions))
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--repetitions", type=int, default=15, help="in each round")
    parser.add_argument("--threads", type=int, default=1, help="of the BLAS")
    parser.add_argument("--bar", type=float, default=BAR, help="largest relative cost")
    asked = parser.parse_args(arguments)

    empty = Task(run=lambda: None)
    print(f"empty call: {harness_ns(empty, 1000):.0f} ns under measure, ", end="")
    print(f"{bare_ns(empty, 1000):.0f} ns in a bare loop")
    beyond = False
    for n in asked.sizes:
        with threadpool_limits(asked.threads):
            found = ratios(gemm(n), asked.rounds, asked.repetitions)
        ratio, (low, high) = float(np.median(found)), stats.median_interval(found)
        beyond = beyond or abs(ratio - 1.0) > asked.bar
        sure = max(abs(low - 1.0), abs(high - 1.0)) <= asked.bar
        print(
            f"gemm n={n} float32: harness / bare loop {ratio:.4f}, 95 % interval "
            f"{low:.4f} to {high:.4f}, {asked.rounds} rounds from {min(found):.4f} "
            f"to {max(found):.4f}"
            f"{'' if sure else '; interval wider than the bar: machine too noisy'}"
        )
    print(f"{'beyond' if beyond else 'within'} the bar of {asked.bar:.0%}")
    return int(beyond)


if __name__ == "__main__":
    sys.exit(main())
