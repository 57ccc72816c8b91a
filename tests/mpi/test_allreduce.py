"""AllReduce over ranks: every hierarchy of the rank count, odd counts, replays."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.case import Case
from tenbin.kernel import Options
from tenbin.kernels.allreduce import ALGORITHMS, KERNEL
from tenbin.kernels.allreduce.execute_mpi import compile_plan
from tenbin.kernels.allreduce.hierarchical import hierarchical
from tenbin.kernels.allreduce.library import library
from tenbin.kernels.allreduce.plan import Plan
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.kernels.allreduce.schedule import Schedule, relabel, table
from tenbin.topology import discover

COMM = MPI.COMM_WORLD
COUNTS = [0, 1, 2, 3, 7, 1000, 65537]
DTYPES = ["float32", "float64", "float16", "int32"]

Buffer = NDArray[Any]

several = pytest.mark.skipif(COMM.size < 2, reason="allreduce needs 2 ranks")


def factorisations(ranks: int) -> Iterator[tuple[int, ...]]:
    """Yield the ordered factorisations of `ranks` into factors of at least 2."""
    if ranks == 1:
        yield ()
    for first in range(2, ranks + 1):
        if ranks % first == 0:
            yield from ((first, *rest) for rest in factorisations(ranks // first))


HIERARCHIES = [levels for levels in factorisations(COMM.size) if levels]


def filled(count: int, dtype: str, rank: int = COMM.rank, turn: int = 0) -> Buffer:
    return ((np.arange(count) * (rank + 2) + rank + turn) % 251).astype(dtype)


def total(count: int, dtype: str, turn: int = 0) -> Buffer:
    parts = [
        filled(count, dtype, rank, turn).astype(np.int64) for rank in range(COMM.size)
    ]
    return np.asarray(np.sum(parts, axis=0).astype(dtype))


def runs_right(plan: Plan, buffer: Buffer, turn: int = 0) -> None:
    buffer[:] = filled(buffer.size, buffer.dtype.name, turn=turn)
    plan.start()
    np.testing.assert_array_equal(buffer, total(buffer.size, buffer.dtype.name, turn))


@several
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("levels", HIERARCHIES)
def test_every_hierarchy_sums_any_count(levels: tuple[int, ...], count: int) -> None:
    buffer = np.empty(count, dtype=np.float32)
    plan = compile_plan(hierarchical(levels), COMM, buffer)

    runs_right(plan, buffer)

    plan.release()


@several
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("levels", HIERARCHIES)
def test_every_dtype_with_an_addition_is_summed(
    levels: tuple[int, ...], dtype: str
) -> None:
    buffer = np.empty(1003, dtype=dtype)
    plan = compile_plan(hierarchical(levels), COMM, buffer)

    runs_right(plan, buffer)

    plan.release()


@several
@pytest.mark.parametrize("levels", HIERARCHIES)
def test_a_plan_is_replayed_on_new_data(levels: tuple[int, ...]) -> None:
    buffer = np.empty(4099, dtype=np.float64)
    plan = compile_plan(hierarchical(levels), COMM, buffer)

    for turn in range(50):
        runs_right(plan, buffer, turn)

    plan.release()


@several
def test_plans_take_turns_on_one_communicator() -> None:
    comm = COMM.Dup()
    buffers = [np.empty(count, dtype=np.float32) for count in (5, 100_000)]
    schedules = [hierarchical(HIERARCHIES[0]), hierarchical(HIERARCHIES[-1])]
    plans = [
        compile_plan(schedule, comm, buffer)
        for schedule, buffer in zip(schedules, buffers, strict=True)
    ]

    for turn in range(20):
        for plan, buffer in zip(plans, buffers, strict=True):
            buffer[:] = filled(buffer.size, "float32", turn=turn)
            plan.start()
        for buffer in buffers:
            np.testing.assert_array_equal(buffer, total(buffer.size, "float32", turn))

    for plan in plans:
        plan.release()
    comm.Free()


@several
def test_a_copy_waits_for_a_send_of_the_same_place() -> None:
    right = [(rank + 1) % COMM.size for rank in range(COMM.size)]
    rows = table(
        round=0, src=np.arange(COMM.size), dst=right, chunk=0, count=1, reduce=False
    )
    buffer = np.full(300_000, COMM.rank, dtype=np.float32)
    plan = compile_plan(Schedule("shift", COMM.size, 1, rows), COMM, buffer)

    plan.start()
    plan.start()

    assert np.all(buffer == (COMM.rank - 2) % COMM.size)
    plan.release()


@several
def test_all_may_add_to_one_rank_at_once() -> None:
    others = np.arange(1, COMM.size)
    rows = [
        table(round=0, src=others, dst=0, chunk=0, count=1, reduce=True),
        table(round=1, src=0, dst=others, chunk=0, count=1, reduce=False),
    ]
    buffer = np.empty(1000, dtype=np.float32)
    star = Schedule("star", COMM.size, 1, np.concatenate(rows))
    plan = compile_plan(star, COMM, buffer)

    runs_right(plan, buffer)

    plan.release()


@several
def test_scattered_chunks_between_two_ranks_are_told_apart() -> None:
    chunks = np.arange(0, 8, 2)
    rows = table(
        round=[0] * 4 + [1] * 4,
        src=[0] * 4 + [1] * 4,
        dst=[1] * 4 + [0] * 4,
        chunk=[*chunks, *(chunks + 1)],
        count=1,
        reduce=False,
    )
    buffer = np.arange(80) + 1000 * COMM.rank
    plan = compile_plan(Schedule("weave", COMM.size, 8, rows), COMM, buffer)

    plan.start()

    origin = np.where(np.arange(80) // 10 % 2 == 0, 0, 1000)
    expected = np.arange(80) + (origin if COMM.rank < 2 else 1000 * COMM.rank)
    np.testing.assert_array_equal(buffer, expected)
    plan.release()


@several
def test_any_order_of_the_ranks_gives_the_sum() -> None:
    order = np.random.default_rng(3).permutation(COMM.size)
    buffer = np.empty(999, dtype=np.float32)
    plan = compile_plan(relabel(hierarchical(HIERARCHIES[0]), order), COMM, buffer)

    runs_right(plan, buffer)

    plan.release()


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("count", COUNTS)
def test_the_library_gives_the_same_sum(count: int, dtype: str) -> None:
    buffer = np.empty(count, dtype=dtype)

    runs_right(library(COMM, buffer), buffer)


def case(variant: str, dtype: str, message_bytes: int, ranks_per_node: int) -> Case:
    problem = AllreduceProblem(message_bytes)
    return Case("allreduce", variant, dtype, problem, COMM.size, ranks_per_node)


@pytest.mark.parametrize("hot", [True, False])
@pytest.mark.parametrize("message_bytes", [0, 8, 1000, 2**18])
@pytest.mark.parametrize("dtype", KERNEL.dtypes)
@pytest.mark.parametrize("variant", [*ALGORITHMS, "2x2"])
def test_every_task_passes_its_check(
    variant: str, dtype: str, message_bytes: int, hot: bool
) -> None:
    ranks_per_node = 2 if COMM.size % 2 == 0 else COMM.size
    which = case(variant, dtype, message_bytes, ranks_per_node)
    if reason := KERNEL.decline(which):
        pytest.skip(reason)
    topology = discover(COMM, ranks_per_node)
    task = KERNEL.prepare(which, topology, Options(hot=hot))

    for repetition in range(12):
        task.reset(repetition)
        task.run()
        assert task.check().ok

    assert task.details["buffers"] == (1 if hot else 8)
    task.release()
    topology.free()


@several
def test_a_second_run_without_reset_fails_the_check() -> None:
    topology = discover(COMM)
    task = KERNEL.prepare(case("flat", "float32", 4096, COMM.size), topology, Options())
    task.reset(0)

    task.run()
    task.run()

    assert not task.check().ok
    task.release()
    topology.free()


@pytest.mark.skipif(COMM.size != 4, reason="needs 4 ranks")
def test_details_say_what_ran() -> None:
    topology = discover(COMM, 2)
    task = KERNEL.prepare(case("two-level", "float32", 4096, 2), topology, Options())

    assert task.details == {
        "schedule": "2x2",
        "rounds": 4,
        "steps": 4,
        "adds": "numpy",
        "sent_bytes_per_rank": 6144,
        "intra_bytes": 16384,
        "inter_bytes": 8192,
        "executor": "mpi",
        "datatype": "MPI_BYTE",
        "buffers": 8,
    }
    task.release()
    topology.free()
