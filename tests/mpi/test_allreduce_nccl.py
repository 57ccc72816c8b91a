"""Executors for GPUs, on a stand-in for one: every layout, dtype and odd size."""

import pytest
from mpi4py import MPI

from tenbin.case import Case
from tenbin.kernel import Options
from tenbin.kernels.allreduce import KERNEL
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.topology import discover
from tests.fakes import gpu

COMM = MPI.COMM_WORLD
DTYPES = {"float16": 2, "float32": 4, "float64": 8}
SHAPES = [f"{COMM.size}", f"{COMM.size}d", f"{COMM.size}h", f"{COMM.size}/4"]
if COMM.size % 2 == 0 and COMM.size > 2:
    SHAPES += [f"2x{COMM.size // 2}", f"2dx{COMM.size // 2}h/2"]
FORMS = ("nccl", "cuda")
VARIANTS = [f"{form}:{shape}" for form in FORMS for shape in SHAPES]

several = pytest.mark.skipif(COMM.size < 2, reason="allreduce needs 2 ranks")


@several
@pytest.mark.parametrize("count", [0, 3, 5003])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("variant", [*VARIANTS, "nccl-library"])
def test_sums_in_the_memory_of_a_gpu_are_right(
    variant: str, dtype: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = gpu.install(monkeypatch)
    topology = discover(COMM)
    problem = AllreduceProblem(count * DTYPES[dtype])
    case = Case("allreduce", variant, dtype, problem, COMM.size, COMM.size)
    task = KERNEL.prepare(case, topology, Options())

    for repetition in range(3):
        task.reset(repetition)
        task.run()
        assert COMM.allreduce(task.check().ok, op=MPI.LAND)

    task.release()
    topology.free()
    by_nccl = variant.startswith("nccl")
    assert len(made) == by_nccl
    assert task.details["executor"].startswith("nccl" if by_nccl else "mpi")


@several
def test_a_group_leaves_as_many_steps_as_there_are_rounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpu.install(monkeypatch)
    topology = discover(COMM)
    problem = AllreduceProblem(4000)
    case = Case("allreduce", "nccl:flat", "float32", problem, COMM.size, COMM.size)

    task = KERNEL.prepare(case, topology, Options())

    assert KERNEL.decline(case) == ""
    assert task.details["steps"] == task.details["rounds"] == 2 * (COMM.size - 1)
    task.release()
    topology.free()
