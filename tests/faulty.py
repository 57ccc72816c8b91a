"""A kernel whose ranks misbehave on demand: what the launcher must survive."""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from tenbin.case import Case, Work
from tenbin.check import Check
from tenbin.kernel import Kernel, Options, Task
from tenbin.topology import Topology


@dataclass(frozen=True)
class FaultyProblem:
    steps: int = 1

    @property
    def label(self) -> str:
        return f"{self.steps}steps"

    def work(self, dtype: str) -> Work:
        return Work(flops=self.steps)

    def times(self, factor: int) -> "FaultyProblem":
        return FaultyProblem(self.steps * factor)


class FaultyAxes(msgspec.Struct, forbid_unknown_fields=True):
    steps: int | list[int]


def behave() -> None:
    time.sleep(0.0005)


def raise_error() -> None:
    raise RuntimeError("planted failure")


def hang() -> None:
    time.sleep(3600)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


FAULTS: dict[str, Callable[[], object]] = {
    "fine": behave,
    "raise": raise_error,
    "exit": lambda: sys.exit(3),
    "leave": lambda: os._exit(0),
    "kill": kill,
    "hang": hang,
    "wrong": behave,
}


def prepare(case: Case, topology: Topology, options: Options) -> Task:
    fault = FAULTS[case.variant]
    guilty = topology.rank == topology.size - 1

    def run() -> None:
        if guilty:
            fault()
        else:
            behave()
        topology.world.Barrier()

    right = not (case.variant == "wrong" and guilty)
    verdict = Check(ok=right, error=float(not right), method="planted")
    return Task(run=run, check=lambda: verdict)


def expand(axes: FaultyAxes) -> tuple[FaultyProblem, ...]:
    steps = axes.steps if isinstance(axes.steps, list) else [axes.steps]
    return tuple(FaultyProblem(count) for count in steps)


KERNEL = Kernel(
    name="faulty",
    summary="Ranks that misbehave.",
    problem=FaultyProblem,
    axes=FaultyAxes,
    expand=expand,
    presets={},
    variants=FAULTS,
    dtypes=("float32",),
    prepare=prepare,
)
