"""Measure many algorithms in turns: rounds over the cases of one placement and size.

    round 0   library, flat, 4x2, ...      each: prepare, a few repetitions, check
    round 1   4x2, library, flat, ...      in an order of its own
    ...       one record per case: the repetitions of all rounds

What drifts meets all alike, and only one case at a time holds its buffers.
"""

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import msgspec
from mpi4py import MPI

from tenbin.case import Case
from tenbin.clock import synchronise
from tenbin.kernel import Options
from tenbin.kernels.allreduce import KERNEL
from tenbin.kernels.allreduce.executors import node_of_ranks
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.record import CheckRow, Record, SampleRow
from tenbin.rule import Rule
from tenbin.topology import Topology, discover
from tenbin.weigh import Setting, weigh

NAP_S = 1e-3
WARMUPS = 5  # in the first rounds together; later rounds need one


def make_cases(
    names: Iterable[str], size: int, ranks: int, ranks_per_node: int, dtype: str
) -> list[Case]:
    """Return the cases of one size that can run."""
    problem = AllreduceProblem(size)
    made = [
        Case("allreduce", name, dtype, problem, ranks, ranks_per_node) for name in names
    ]
    return [case for case in made if not KERNEL.decline(case)]


def survey(
    cases: Sequence[Case],
    topology: Topology,
    rounds: int,
    rule: Rule,
    run_id: str,
    launch: int = 0,
    hot: bool = False,
) -> Iterator[Record]:
    """Weigh the cases in turns; yield one record for each; collective."""
    clock = synchronise(topology.world)
    share = replace(rule, budget_s=rule.budget_s / rounds, min_repetitions=1)
    options = Options(hot=hot, seed=rule.seed)
    parts: dict[str, list[Record]] = {case.key: [] for case in cases}
    for turn in range(rounds):
        warmups = WARMUPS if turn == 0 else 1
        setting = Setting(
            run_id, launch, replace(share, max_warmup=warmups), options, clock
        )
        order = list(cases)
        random.Random(f"{rule.seed}/{launch}/{turn}").shuffle(order)
        for case in order:
            parts[case.key].append(weigh(case, KERNEL, topology, setting))
    for case in cases:
        yield merge(parts[case.key])


def merge(parts: Sequence[Record]) -> Record:
    """Return the rounds of a case as one record; a wrong round makes it wrong."""
    bad = next((part for part in parts if part.status != "ok"), None)
    if bad is not None or parts[0].samples is None:
        return bad or parts[0]
    samples = [part.samples for part in parts if part.samples is not None]
    checks = [part.check for part in parts if part.check is not None]
    return msgspec.structs.replace(
        parts[0],
        samples=_join(samples),
        check=_worst(checks),
        flags=sorted({flag for part in parts for flag in part.flags}),
        details={**parts[0].details, "rounds_of_turns": len(parts)},
    )


def _join(parts: Sequence[SampleRow]) -> SampleRow:
    lengths = [0, *(len(part.entry_ns) for part in parts)]
    offsets = [sum(lengths[: i + 1]) for i in range(len(parts))]
    return msgspec.structs.replace(
        parts[0],
        entry_ns=[row for part in parts for row in part.entry_ns],
        exit_ns=[row for part in parts for row in part.exit_ns],
        cpu_ns=[value for part in parts for value in part.cpu_ns],
        late=[
            offset + late
            for offset, part in zip(offsets, parts, strict=True)
            for late in part.late
        ],
        residual_ns=max(part.residual_ns for part in parts),
    )


def _worst(checks: Sequence[CheckRow]) -> CheckRow | None:
    if not checks:
        return None
    errors = [check.error for check in checks if check.error is not None]
    return msgspec.structs.replace(
        checks[0],
        error=max(errors, default=None),
        repetitions=sum(check.repetitions for check in checks),
    )


@contextmanager
def first_nodes(topology: Topology, nodes: int) -> Iterator[Topology | None]:
    """Yield the topology of the first nodes, None on other ranks, which then sleep."""
    if nodes == topology.nodes:
        yield topology
        return
    inside = node_of_ranks(topology)[topology.rank] < nodes
    color = 0 if inside else MPI.UNDEFINED
    world = topology.world.Split(color, topology.rank)
    if not inside:
        yield None
    else:
        part = discover(world, topology.ranks_per_node)
        yield part
        part.free()
        world.Free()
    meet(topology.world)


def meet(comm: MPI.Comm) -> None:
    """Meet all ranks without spinning, then let go together."""
    meeting = comm.Ibarrier()
    while not meeting.Test():
        time.sleep(NAP_S)
    comm.Barrier()
