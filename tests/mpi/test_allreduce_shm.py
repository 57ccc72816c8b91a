"""AllReduce in memory that a node shares: any count, any dtype, one node or several."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.case import Case
from tenbin.errors import UsageError
from tenbin.kernel import Options, Task
from tenbin.kernels.allreduce import KERNEL, executors
from tenbin.kernels.allreduce.memory import memory_for
from tenbin.kernels.allreduce.node import Barrier, Window
from tenbin.kernels.allreduce.pool import make_pool
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.kernels.allreduce.task import task_on
from tenbin.topology import Topology, discover

COMM = MPI.COMM_WORLD
COUNTS = [0, 1, 2, 3, 7, 1000, 65537]
DTYPES = ["float32", "float64", "float16", "bfloat16"]
EVEN = COMM.size % 2 == 0 and COMM.size > 2

Buffer = NDArray[Any]

several = pytest.mark.skipif(COMM.size < 2, reason="allreduce needs 2 ranks")
nodes = pytest.mark.skipif(not EVEN, reason="needs 2 nodes of 2 ranks")


def on(variant: str, topology: Topology, count: int, dtype: str, turns: int) -> Task:
    memory = memory_for(variant, topology, count, dtype, turns)
    ranks = (topology.size, topology.rank)
    pool = make_pool(count, dtype, *ranks, turns, 5, memory.mine)
    pool.shared = memory.shared
    return task_on(variant, topology, pool, memory.release)


def runs_right(task: Task, repetitions: int) -> None:
    for repetition in range(repetitions):
        task.reset(repetition)
        task.run()
        assert task.check().ok


@several
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("variant", ["shm:flat", "shm-copy:flat"])
def test_one_node_sums_any_count(variant: str, dtype: str, count: int) -> None:
    topology = discover(COMM)
    task = on(variant, topology, count, dtype, turns=2)

    runs_right(task, 6)

    task.release()
    topology.free()


@several
@pytest.mark.parametrize("pieces", [1, 2, 3, 7])
def test_private_buffers_of_many_pieces(
    pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "PIECE_BYTES", 4000)
    topology = discover(COMM)
    task = on("shm-copy:flat", topology, 1000 * pieces - 1, "float32", turns=2)

    runs_right(task, 6)

    task.release()
    topology.free()


@nodes
@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("variant", ["shm:two-level", "shm:2x2", "shm:2x2h"])
def test_emulated_nodes_sum_any_count(variant: str, dtype: str, count: int) -> None:
    topology = discover(COMM, 2)
    task = on(variant, topology, count, dtype, turns=2)

    runs_right(task, 6)

    task.release()
    topology.free()


@several
@pytest.mark.parametrize("variant", ["shm:flat", "shm-copy:flat"])
def test_a_plan_is_replayed_on_new_data(variant: str) -> None:
    topology = discover(COMM)
    task = on(variant, topology, 4099, "float32", turns=3)

    runs_right(task, 200)

    task.release()
    topology.free()


@several
def test_plans_take_turns_with_messages_in_between() -> None:
    topology = discover(COMM)
    tasks = [
        on(variant, topology, count, "float32", turns=2)
        for variant, count in [("shm:flat", 100_000), ("flat", 5), ("shm-copy", 70_001)]
    ]

    for repetition in range(20):
        for task in tasks:
            task.reset(repetition)
        for task in tasks:
            task.run()
        assert all(task.check().ok for task in tasks)

    for task in tasks:
        task.release()
    topology.free()


@several
def test_a_late_rank_is_waited_for_and_the_others_sleep() -> None:
    topology = discover(COMM)
    task = on("shm:flat", topology, 1000, "float32", turns=2)
    task.reset(0)
    COMM.Barrier()
    if COMM.rank == 0:
        time.sleep(0.2)

    cpu = time.process_time()
    task.run()
    spent_s = time.process_time() - cpu

    assert task.check().ok
    assert spent_s < 0.1
    task.release()
    topology.free()


@several
def test_a_rank_in_the_barrier_still_helps_mpi() -> None:
    """A large message that was sent but not waited for needs its sender's progress."""
    topology = discover(COMM)
    barrier = Barrier(topology)
    large = np.full(2**20, COMM.rank)
    peer = COMM.rank ^ 1

    if COMM.rank % 2:
        send = COMM.Isend(large, peer)
        barrier()
        send.Wait()
    else:
        if peer < COMM.size:
            COMM.Recv(large, peer)
        barrier()

    assert np.all(large == (COMM.rank if peer >= COMM.size else COMM.rank | 1))
    barrier.release()
    topology.free()


@several
def test_what_was_written_before_the_barrier_is_seen_after_it() -> None:
    topology = discover(COMM)
    barrier, window = Barrier(topology), Window(topology.intra, 300, "float64", 1)
    mine = window.buffers[topology.local_rank][0]

    for turn in range(500):
        mine[:] = turn + topology.local_rank
        barrier()
        for rank, parts in enumerate(window.buffers):
            assert np.all(parts[0] == turn + rank)
        barrier()

    del mine, parts
    window.release()
    barrier.release()
    topology.free()


@several
@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="no /dev/shm to look at")
def test_nothing_is_left_in_dev_shm() -> None:
    topology = discover(COMM)
    COMM.Barrier()
    before = {path.name for path in Path("/dev/shm").iterdir()}
    COMM.Barrier()
    for _ in range(3):
        task = on("shm-copy:flat", topology, 10_000, "float32", turns=2)
        task.release()
        window = Window(topology.intra, 10_000, "float32", 3)
        window.release()
    COMM.Barrier()

    mine = {f"{tag}{os.getpid()}" for tag in ("_", ".", "-")}
    after = {path.name for path in Path("/dev/shm").iterdir()} - before
    COMM.Barrier()

    assert not [name for name in after if any(tag in name for tag in mine)]
    assert len(after) < 3  # another test run may have left one of its own
    topology.free()


@several
def test_details_say_what_ran() -> None:
    topology = discover(COMM)
    task = on("shm:flat", topology, 1000, "bfloat16", turns=2)

    found = {key: task.details[key] for key in ("executor", "barriers", "buffers")}
    assert found == {"executor": "shm", "barriers": 2, "buffers": 2}
    assert task.details["adds"].startswith("native ")
    assert task.details["inter_bytes"] == 0
    task.release()
    topology.free()


@several
def test_private_memory_is_refused() -> None:
    topology = discover(COMM)
    pool = make_pool(10, "float32", COMM.size, COMM.rank, 2, seed=1)

    with pytest.raises(UsageError, match="buffers that the node shares"):
        task_on("shm:flat", topology, pool)

    topology.free()


@several
@pytest.mark.parametrize("message_bytes", [0, 8, 1000, 2**20])
def test_tasks_get_their_memory(message_bytes: int) -> None:
    topology = discover(COMM)
    problem = AllreduceProblem(message_bytes)
    case = Case("allreduce", "shm:flat", "float32", problem, COMM.size, COMM.size)
    task = KERNEL.prepare(case, topology, Options())

    runs_right(task, 10)

    task.release()
    topology.free()
