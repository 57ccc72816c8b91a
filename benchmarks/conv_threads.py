"""Two threads against one: what `auto` picks in float16, layers of one image, warm.

Wall time, since the processor time of one thread says nothing of the other; both take
turns. Other load on the machine makes two threads wait for each other: measure on an
idle one. A virtual machine's host may move its processors to different caches for a
while: a line then takes some 350 ns to the other one and back instead of 80, and layers
whose threads share much gain little. Exits 1 where a layer is below 1.8 times its own
single thread.
"""

import sys
from time import perf_counter_ns

from convolutions import (  # type: ignore[import-not-found]
    Contender,
    listed,
    ready,
)
from interleaved import measure, verdict  # type: ignore[import-not-found]

from tenbin.kernels.conv.auto import choose
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.machine import cores_allowed

BAR = 1.8
ROUNDS = 41
CONTENDERS = {"one": Contender("auto"), "two": Contender("auto", threads=2)}


def judge(name: str, problem: ConvProblem) -> bool:
    """Print a layer; return whether it keeps its bar."""
    times = measure(ready(problem, CONTENDERS), ROUNDS, clock=perf_counter_ns)
    told, holds = verdict(times["one"] / times["two"], BAR)
    picked = choose(problem, "float16")[0]
    print(f"{name:20} {picked:9} two threads x {told}", flush=True)
    return bool(holds)


def main() -> int:
    """Measure; return 1 where a bar is missed."""
    if cores_allowed() < 2:
        print("nothing to compare with: one core only")
        return 0
    held = [judge(*layer) for layer in listed().items() if layer[1].n == 1]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
