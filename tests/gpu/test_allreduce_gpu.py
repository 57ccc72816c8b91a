"""AllReduce on the memory of GPUs; run under mpiexec with one rank for each GPU."""

import pytest
from mpi4py import MPI

from tenbin.case import Case
from tenbin.device import missing
from tenbin.kernel import Options
from tenbin.kernels.allreduce import KERNEL
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.topology import discover

COMM = MPI.COMM_WORLD

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "has a GPU")


@pytest.mark.parametrize("message_bytes", [0, 8, 1000, 2**20])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize(
    "variant", ["cuda:flat", "cuda-library", "nccl:flat", "nccl-library"]
)
def test_device_buffers_are_summed(
    variant: str, dtype: str, message_bytes: int
) -> None:
    problem = AllreduceProblem(message_bytes)
    case = Case("allreduce", variant, dtype, problem, COMM.size, COMM.size)
    if reason := KERNEL.decline(case):
        pytest.skip(reason)
    topology = discover(COMM)
    task = KERNEL.prepare(case, topology, Options())

    for repetition in range(10):
        task.reset(repetition)
        task.run()
        assert task.check().ok

    task.release()
    topology.free()
