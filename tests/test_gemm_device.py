"""What the GEMM variants of a GPU ask their libraries for, where there is no GPU."""

from typing import Any

import numpy as np
import pytest

from tenbin.kernels.gemm import VARIANTS
from tenbin.kernels.gemm.cublas import as_columns
from tenbin.kernels.gemm.cupy import sums
from tenbin.kernels.gemm.operands import operands
from tenbin.kernels.gemm.problem import TRANSPOSES, GemmProblem


def columns(matrix: Any, rows: int, width: int, turned: int, leading: int) -> Any:
    """Return op(M) (rows, width), read from memory as BLAS defines it."""
    memory = matrix.ravel(order="K")
    shape = (width, rows) if turned else (rows, width)
    strides = (memory.itemsize, leading * memory.itemsize)
    assert (shape[1] - 1) * leading + shape[0] <= memory.size
    stored = np.lib.stride_tricks.as_strided(memory, shape, strides)
    return stored.T if turned else stored


@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize("size", [(5, 7, 3), (1, 4, 6), (4, 1, 6), (4, 6, 1)])
def test_column_major_cublas_is_asked_for_the_row_major_product(
    size: tuple[int, int, int], transpose: str
) -> None:
    m, n, k = size
    problem = GemmProblem(m, n, k, transpose)
    a, b = operands(problem, range(m), range(n), "float64", 1)
    c = np.empty((m, n))

    (turn_b, turn_a), (ldb, lda, ldc) = as_columns(a, b, c)

    product = columns(b, n, k, turn_b, ldb) @ columns(a, k, m, turn_a, lda)
    columns(c, n, m, 0, ldc)[...] = product
    np.testing.assert_allclose(c, a @ b)


def test_tf32_of_the_environment_is_allowed_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUPY_TF32", "1")
    assert sums()["float32"] == "tf32"

    monkeypatch.delenv("CUPY_TF32")
    assert sums()["float32"] == "float32"


@pytest.mark.parametrize("name", [n for n, v in VARIANTS.items() if v.on_device])
def test_what_is_missing_is_one_line(name: str) -> None:
    reason = VARIANTS[name].missing()

    assert "\n" not in reason
