"""The operands of a case: equal sets that take turns, so that each comes cold."""

from typing import Any

import numpy as np

from tenbin.dtypes import named, narrow, result, storage
from tenbin.kernels.gemm.variant import Array


class Pool:
    """Equal sets of op(A), op(B) and an output, one of them current.

    Outputs hold NaN until they are written, so that a result of an earlier repetition
    never passes for a new one.
    """

    def __init__(self, xp: Any, a: Array, b: Array, sets: int) -> None:
        self.sets = sets
        self._a = _repeat(xp, a, sets)
        self._b = _repeat(xp, b, sets)
        dtype = result(named(a))
        self._spoilt = narrow(np.asarray(np.nan), dtype).item()
        shape = (sets, a.shape[0], b.shape[1])
        self._out = xp.full(shape, self._spoilt, storage(dtype))
        self.current = (self._a[0], self._b[0], self._out[0])

    def select(self, repetition: int) -> None:
        """Make the set of this repetition current; spoil the output left behind.

        Spoiling last time's output, not the one to come, keeps the next set cold.
        """
        self.current[2].fill(self._spoilt)
        chosen = repetition % self.sets
        self.current = (self._a[chosen], self._b[chosen], self._out[chosen])


def _repeat(xp: Any, matrix: Array, sets: int) -> Array:
    """Return (sets, rows, columns) copies in the storage order of the matrix."""
    transposed = not matrix.flags.c_contiguous
    stored = xp.asarray(matrix.T if transposed else matrix)[None]
    copies = stored if sets == 1 else xp.repeat(stored, sets, axis=0)
    return copies.swapaxes(1, 2) if transposed else copies
