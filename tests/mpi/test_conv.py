"""Convolution over ranks: shares make up the whole, in every direction."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from tenbin.case import Case
from tenbin.kernel import Options
from tenbin.kernels.conv import KERNEL
from tenbin.kernels.conv.operands import as_nhwc
from tenbin.kernels.conv.problem import DIRECTIONS, ConvProblem
from tenbin.kernels.conv.split import share
from tenbin.topology import discover

COMM = MPI.COMM_WORLD
OPTIONS = Options(hot=True, seed=5)
SHAPES = (
    ConvProblem(5, 6, 8, 7, 8, 3, 3, padding=1),
    ConvProblem(1, 6, 8, 7, 8, 3, 3, stride=2),  # fewer images than ranks
    ConvProblem(1, 8, 8, 7, 8, 3, 3, groups=4, layout="nchw"),
)


def result(case: Case, comm: MPI.Comm) -> Any:
    """Return this rank's part of the result after its check, as (N, H, W, C)."""
    topology = discover(comm)
    task = KERNEL.prepare(case, topology, OPTIONS)
    task.reset(0)
    array = np.array(as_nhwc(task.run(), case.whole.layout))  # type: ignore[attr-defined]
    verdict = task.check()
    task.release()
    topology.free()
    assert verdict.ok, verdict
    return array


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.label)
def test_shares_make_up_the_whole(shape: ConvProblem, direction: str) -> None:
    problem = replace(shape, direction=direction)
    size = COMM.size
    one = Case("conv", "reference", "float32", problem)
    many = Case("conv", "reference", "float32", problem, size, size, "strong")
    assert KERNEL.misfit(many) == ""

    parts = COMM.allgather(result(many, COMM))

    images = len(share(problem, size, 0).images) < problem.n or size == 1
    axis = 0 if images or direction == "backward-weights" else 3
    whole = np.concatenate(parts, axis=axis)
    np.testing.assert_allclose(whole, result(one, MPI.COMM_SELF), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", KERNEL.dtypes)
@pytest.mark.parametrize("scaling", KERNEL.scalings)
def test_every_scaling_passes_its_check(scaling: str, dtype: str) -> None:
    case = Case("conv", "im2col", dtype, SHAPES[0], COMM.size, COMM.size, scaling)
    assert KERNEL.decline(case) == ""

    part = result(case, COMM)

    images = COMM.allreduce(part.shape[0])
    assert images == SHAPES[0].n * (COMM.size if scaling == "weak" else 1)
