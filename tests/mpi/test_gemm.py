"""GEMM over ranks: shards make up the whole, threads share the cores."""

from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from tenbin.case import Case
from tenbin.kernel import Options
from tenbin.kernels.gemm import KERNEL
from tenbin.kernels.gemm.problem import TRANSPOSES, GemmProblem
from tenbin.topology import Topology, discover

COMM = MPI.COMM_WORLD
OPTIONS = Options(hot=True, seed=5)
WIDE = GemmProblem(19, 37, 23)
NARROW = GemmProblem(19, 1, 23)  # fewer columns than ranks: rows are split


def product(case: Case, topology: Topology) -> tuple[Any, dict[str, Any]]:
    """Return this rank's block of C after its check, and the details."""
    task = KERNEL.prepare(case, topology, OPTIONS)
    task.reset(0)
    block = np.array(task.run())
    verdict = task.check()
    task.release()
    assert verdict.ok, verdict
    return block, dict(task.details)


def joined(case: Case, axis: int) -> Any:
    topology = discover(COMM)
    block, _ = product(case, topology)
    topology.free()
    return np.concatenate(COMM.allgather(block), axis=axis)


def alone(case: Case) -> Any:
    topology = discover(MPI.COMM_SELF)
    block, _ = product(case, topology)
    topology.free()
    return block


def axis_of(problem: GemmProblem) -> int:
    return 1 if problem.n >= COMM.size else 0


@pytest.mark.parametrize("dtype", KERNEL.dtypes)
@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize("sizes", [(19, 37, 23), (19, 1, 23), (19, 2, 23)])
def test_shards_make_up_the_whole(
    sizes: tuple[int, int, int], transpose: str, dtype: str
) -> None:
    problem = GemmProblem(*sizes, transpose)
    one = Case("gemm", "reference", dtype, problem)
    many = Case("gemm", "reference", dtype, problem, COMM.size, COMM.size, "strong")

    together = joined(many, axis_of(problem))

    np.testing.assert_allclose(
        together, alone(one), rtol=2e-3 if dtype == "float16" else 1e-6
    )


@pytest.mark.parametrize("dtype", KERNEL.dtypes)
@pytest.mark.parametrize("scaling", KERNEL.scalings)
def test_every_scaling_passes_its_check(scaling: str, dtype: str) -> None:
    variant = "numpy" if dtype in KERNEL.variants["numpy"].accumulate else "reference"
    case = Case("gemm", variant, dtype, WIDE, COMM.size, COMM.size, scaling)
    assert KERNEL.decline(case) == ""

    together = joined(case, 1)

    columns = WIDE.n * (COMM.size if scaling == "weak" else 1)
    assert together.shape == (WIDE.m, columns)


def test_weak_scaling_extends_the_same_numbers() -> None:
    weak = Case("gemm", "reference", "float64", WIDE, COMM.size, COMM.size, "weak")

    together = joined(weak, 1)

    np.testing.assert_allclose(
        together[:, : WIDE.n],
        alone(Case("gemm", "reference", "float64", WIDE)),
        rtol=1e-9,
    )


def test_ranks_share_the_cores() -> None:
    topology = discover(COMM)
    _, details = product(
        Case("gemm", "numpy", "float32", WIDE, COMM.size, COMM.size), topology
    )
    alone_topology = discover(MPI.COMM_SELF)
    _, alone_details = product(Case("gemm", "numpy", "float32", WIDE), alone_topology)
    for used in (topology, alone_topology):
        used.free()

    assert 1 <= details["threads"] <= alone_details["threads"]
    assert (
        details["threads"] <= max(1, alone_details["threads"] // COMM.size)
        or bound_ranks()
    )


def bound_ranks() -> bool:
    """Return whether the launcher gave the ranks cores of their own."""
    from os import sched_getaffinity

    return len({frozenset(cores) for cores in COMM.allgather(sched_getaffinity(0))}) > 1


def test_emulated_nodes_divide_the_real_cores() -> None:
    whole = discover(COMM)
    emulated = discover(COMM, 1)
    _, one = product(
        Case("gemm", "numpy", "float32", WIDE, COMM.size, COMM.size), whole
    )
    _, other = product(Case("gemm", "numpy", "float32", WIDE, COMM.size, 1), emulated)
    for used in (whole, emulated):
        used.free()

    assert one["threads"] == other["threads"]
