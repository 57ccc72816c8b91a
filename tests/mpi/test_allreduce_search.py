"""A search on the ranks that are here, and what explains it: trace and overlap."""

import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI

from tenbin.case import Case
from tenbin.clock import synchronise
from tenbin.kernels.allreduce import machines
from tenbin.kernels.allreduce.advice import measured, winners
from tenbin.kernels.allreduce.calibrate import measure_links
from tenbin.kernels.allreduce.executors import node_of_ranks
from tenbin.kernels.allreduce.explore import explore
from tenbin.kernels.allreduce.judge import Times, compare, time_allreduces
from tenbin.kernels.allreduce.overlap import medians, overlap_of
from tenbin.kernels.allreduce.pingpong import time_rounds
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.kernels.allreduce.search import Search
from tenbin.kernels.allreduce.trace import Track, chrome, trace
from tenbin.kernels.allreduce.weigh_overlap import (
    make_gemm,
    measure_overlap,
    weigh_overlap,
)
from tenbin.results import store
from tenbin.rule import Rule
from tenbin.topology import discover

COMM = MPI.COMM_WORLD
SIZES = (65536,)
FEW_SIZES = (8, 512, 4096, 65536)

several = pytest.mark.skipif(COMM.size < 2, reason="a link has two ends")


@several
def test_probes_take_time_and_longer_for_more() -> None:
    small, large = (time_rounds(COMM, ((0, 1),), size) for size in (8, 2**22))
    assert 0.0 < small < large


@several
def test_measured_links_are_the_same_on_all_ranks() -> None:
    topology = discover(COMM)
    links = measure_links(topology, FEW_SIZES, passes=1)
    assert set(COMM.allgather(str(links))) == {str(links)}
    assert links.intra.beta(65536) > 0.0
    topology.free()


@several
def test_a_search_leaves_checked_records_of_all_sizes() -> None:
    per_node = COMM.size // 2 if COMM.size % 2 == 0 else COMM.size
    topology = discover(COMM, per_node)
    folder = tempfile.mkdtemp() if COMM.rank == 0 else ""
    out = Path(COMM.bcast(folder)) / "run"
    links = measure_links(topology, FEW_SIZES, passes=1)
    nodes = tuple(n for n in (1, topology.nodes) if n * per_node > 1)
    counts = tuple(dict.fromkeys(nodes))
    asked = Search(counts, SIZES, most=2, rounds=2, rule=Rule(budget_s=0.02))
    explore(topology, asked, links, out)
    topology.free()
    if COMM.rank == 0:
        (run,) = store.load([out])
        assert {record.status for record in run.records} == {"ok"}
        points = measured(run.records)
        assert set(winners(points)) == {(n, s) for n in asked.nodes for s in SIZES}
        assert {"library", "lib:flat", "flat"} <= {point.variant for point in points}
        flat = next(r for r in run.records if r.variant == "flat")
        assert flat.details["predicted_s"] > 0.0
        shutil.rmtree(folder)


def traced(variant: str, repetitions: int) -> tuple[list[Track] | None, list[int]]:
    topology = discover(COMM)
    problem, size = AllreduceProblem(4004), COMM.size
    case = Case("allreduce", variant, "float32", problem, size, size)
    found = trace(case, topology, synchronise(COMM), repetitions)
    nodes = node_of_ranks(topology)
    topology.free()
    return found, nodes


@several
def test_a_trace_shows_every_round_of_every_rank() -> None:
    found, nodes = traced("flat", 3)
    if COMM.rank != 0:
        assert found is None
        return
    assert found is not None
    assert all((np.diff(track.stamps, axis=1) >= 0).all() for track in found)
    made = json.loads(json.dumps(chrome(found, nodes)))
    steps = [event for event in made["traceEvents"] if event["ph"] == "X"]
    assert len(steps) == 2 * (COMM.size - 1) * COMM.size * 3
    assert min(step["ts"] for step in steps) == 0.0
    assert all(len(step["args"]["to"]) == 1 for step in steps)
    assert "left last in" in made["otherData"]["longest"][0]


@several
@pytest.mark.parametrize(
    ("variant", "first"), [("shm:flat", "first barrier"), ("shm-copy:flat", "turn 0")]
)
def test_what_runs_in_shared_memory_is_what_is_traced(variant: str, first: str) -> None:
    found, _ = traced(variant, 2)
    for track in found or []:
        assert track.names[0] in (first, "first barrier")  # as the system allows
        assert track.stamps.shape == (2, len(track.names) + 1)


@several
def test_overlap_times_each_alone_and_both() -> None:
    buffer = np.ones(2**16, np.float32)

    def start() -> None:
        COMM.Allreduce(MPI.IN_PLACE, buffer)

    gemm = make_gemm(COMM, 1e-3, n=128)
    times = measure_overlap(COMM, start, lambda i: buffer.fill(1.0), gemm, 3)
    parts = zip(times["comm_in_both"], times["gemm_in_both"], strict=True)
    for both, within in zip(times["both"], parts, strict=True):
        assert both >= max(within)
    found = medians(times)
    shorter = found.both_s < max(found.comm_s, found.gemm_s) * (1 - 1e-9)
    assert found.overlap <= 1.0 + 1e-6 or shorter  # by noise alone
    assert (buffer == COMM.size).all()


@several
def test_overlap_is_recorded_with_what_it_is_computed_from() -> None:
    topology = discover(COMM)
    case = Case(
        "allreduce", "flat", "float32", AllreduceProblem(4096), COMM.size, COMM.size
    )

    record = weigh_overlap(case, topology, 3, "r")

    topology.free()
    assert (record.status, record.kernel) == ("ok", "overlap")
    assert record.case == f"overlap/flat/float32/4KiB/fixed/{COMM.size}x1"
    assert record.samples is not None
    assert len(record.samples.exit_ns) == 3
    found = overlap_of(record)
    assert found.comm_slowdown > 0.0
    assert found.both_s * 1e9 == np.median(record.samples.exit_ns)


@several
def test_judges_of_a_fit_run_where_they_fit_and_are_predicted() -> None:
    topology = discover(COMM)
    times: Times = {(name, SIZES[0]): [] for name in ("flat", "two-level", "doubling")}
    time_allreduces(topology, times)
    links = machines.load("abci1").links

    found = {one.name: one for one in compare(topology, times, links)}

    assert ("two-level" in found) == (topology.nodes > 1)
    assert found["flat"].measured_s > 0.0
    ratio = found["flat"].predicted_s / found["flat"].measured_s
    assert found["flat"].error == pytest.approx(ratio - 1.0)
    topology.free()
