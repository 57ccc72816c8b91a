"""The numbers: seeded normals that are the same for any number of ranks.

Rows of op(A) and columns of op(B) are vectors of length k. Sixteen neighbours share a
block of Philox's counter, so a rank draws the vectors of its shard and no others:

    columns of B    0 .. 15 | 16 .. 31 | 32 ..        counter word 3 = block
                    |_ rank 0 _|_ rank 1 _|           key = (seed, which operand)
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.dtypes import narrow, storage
from tenbin.kernels.gemm.problem import GemmProblem

BLOCK = 16
A, B = 0, 1


def operands(
    problem: GemmProblem, rows: range, columns: range, dtype: str, seed: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return `rows` of op(A) and `columns` of op(B), as views of their storage.

    Normals of standard deviation k**-1/4 in both, so that C has that of 1, with full
    mantissas (float16 stays clear of its subnormals) and no zeros.
    """
    a = _stored(rows, problem.k, dtype, (seed, A), across=problem.transpose[0] == "t")
    b = _stored(
        columns, problem.k, dtype, (seed, B), across=problem.transpose[1] == "n"
    )
    return a, b.T


def _stored(
    indices: range, k: int, dtype: str, key: tuple[int, int], across: bool
) -> NDArray[Any]:
    """Return the vectors as rows; `across` stores them as columns of (k, ...)."""
    count = len(indices)
    held = storage(dtype)
    vectors = np.empty((k, count), held).T if across else np.empty((count, k), held)
    for place, block in _blocks(indices, k, dtype, key):
        vectors[place : place + len(block)] = block
    return vectors


def _blocks(
    indices: range, k: int, dtype: str, key: tuple[int, int]
) -> Iterator[tuple[int, NDArray[Any]]]:
    drawn = np.float64 if dtype == "float64" else np.float32
    scale = drawn(k**-0.25)
    for block in range(indices.start // BLOCK, -(-indices.stop // BLOCK)):
        first = block * BLOCK
        start, stop = max(indices.start, first), min(indices.stop, first + BLOCK)
        source = np.random.Philox(key=key, counter=(0, 0, 0, block))
        normals = np.random.Generator(source).standard_normal(
            (stop - first, k), dtype=drawn
        )
        normals *= scale
        rounded = narrow(normals[start - first :], dtype)
        rounded[rounded == 0] = narrow(np.asarray(scale), dtype)
        yield start - indices.start, rounded
