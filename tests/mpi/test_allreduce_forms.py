"""Every form of the space run over ranks, by messages and by calls of the library."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.case import Case
from tenbin.kernel import Options
from tenbin.kernels.allreduce import KERNEL
from tenbin.kernels.allreduce.execute_mpi import compile_plan
from tenbin.kernels.allreduce.library_levels import library_levels
from tenbin.kernels.allreduce.names import LIBRARY_FORMS, WHOLE, parse
from tenbin.kernels.allreduce.plan import Plan
from tenbin.kernels.allreduce.problem import AllreduceProblem
from tenbin.topology import discover

COMM = MPI.COMM_WORLD
COUNTS = [0, 1, 2, 3, 7, 1000]
TURNS = 3

pytestmark = pytest.mark.skipif(COMM.size < 2, reason="allreduce needs 2 ranks")


def factorisations(ranks: int) -> Iterator[tuple[int, ...]]:
    """Yield the ordered factorisations of `ranks` into factors of at least 2."""
    if ranks == 1:
        yield ()
    for first in range(2, ranks + 1):
        if ranks % first == 0:
            yield from ((first, *rest) for rest in factorisations(ranks // first))


LEVELS = [levels for levels in factorisations(COMM.size) if levels]
SHAPES = [
    "x".join(f"{size}{letter}" for size, letter in zip(levels, letters, strict=True))
    for levels in LEVELS
    for letters in product("rdh", repeat=len(levels))
]
NAMES = [f"{form}{shape}" for shape in SHAPES for form in ("", "leader:", "full:")]
NAMES += [*WHOLE, *(f"{name}/3" for name in (*WHOLE, *SHAPES[:3])), "flat@1"]


def runs_right(plan: Plan, buffer: NDArray[np.float32]) -> None:
    ranks, index = np.arange(COMM.size), np.arange(buffer.size)
    for turn in range(TURNS):
        parts = (index * (ranks[:, None] + 2) + ranks[:, None] + turn) % 251
        buffer[:] = parts[COMM.rank]
        plan.start()
        np.testing.assert_array_equal(buffer, parts.sum(axis=0))


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("name", NAMES)
def test_every_form_sums_any_count(name: str, count: int) -> None:
    buffer = np.empty(count, dtype=np.float32)
    plan = compile_plan(parse(name).schedule(COMM.size, COMM.size), COMM, buffer)

    runs_right(plan, buffer)

    plan.release()


@pytest.mark.parametrize("count", COUNTS)
@pytest.mark.parametrize("form", LIBRARY_FORMS)
@pytest.mark.parametrize("levels", LEVELS)
def test_library_calls_level_by_level_sum_any_count(
    levels: tuple[int, ...], form: str, count: int
) -> None:
    buffer = np.empty(count, dtype=np.float32)
    places = np.arange(COMM.size)[::-1]
    plan = library_levels(COMM, form, levels, places, buffer)

    runs_right(plan, buffer)

    assert plan.details["executor"] == form
    plan.release()


@pytest.mark.parametrize(
    "variant",
    ["lib", "lib-leader", "lib@1", "leader", "leader/2", "two-level@1", "swing"],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_task_of_any_form_passes_its_check(variant: str, dtype: str) -> None:
    ranks_per_node = 2 if COMM.size % 2 == 0 else COMM.size
    case = Case(
        "allreduce",
        KERNEL.variant(variant),
        dtype,
        AllreduceProblem(4000),
        COMM.size,
        ranks_per_node,
    )
    if reason := KERNEL.decline(case):
        pytest.skip(reason)
    topology = discover(COMM, ranks_per_node)
    task = KERNEL.prepare(case, topology, Options())

    for repetition in range(TURNS):
        task.reset(repetition)
        task.run()
        assert task.check().ok

    task.release()
    topology.free()
