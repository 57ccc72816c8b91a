"""The operands of a case: sets that take turns, so that each comes cold.

cold = all       images, weights and result rotate together
cold = weights   one set of images and results, many of weights
"""

import time
from typing import Any

from tenbin.dtypes import Array
from tenbin.kernels.conv.operands import empty_result
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.variant import Plan


class Pool:
    """Sets of operands as a plan takes them, and a result; one set is current.

    Results hold NaN until they are written, so that one of an earlier repetition never
    passes for a new one. `pack_s` is the least time that packing weights took.
    """

    def __init__(
        self,
        plan: Plan,
        problem: ConvProblem,
        dtype: str,
        operands: tuple[Array, Array],
        sets: int,
    ) -> None:
        first, second = operands
        images = sets if problem.cold == "all" else 1
        self._first = [plan.load(_own(first, images)) for _ in range(images)]
        self.pack_s = float("inf")
        self._second = [self._packed(plan, second, sets) for _ in range(sets)]
        self._blank = plan.place(empty_result(problem, dtype))
        self._out = [self._blank.copy() for _ in range(images)]
        self._chosen = 0

    def _packed(self, plan: Plan, second: Array, sets: int) -> Any:
        own = _own(second, sets)
        begun = time.perf_counter()
        packed = plan.pack(own)
        self.pack_s = min(self.pack_s, time.perf_counter() - begun)
        return packed

    @property
    def current(self) -> tuple[Any, Any, Array]:
        """Return both operands and the result of this repetition."""
        images = self._chosen % len(self._first)
        weights = self._chosen % len(self._second)
        return self._first[images], self._second[weights], self._out[images]

    def select(self, repetition: int) -> None:
        """Make the set of this repetition current; spoil the result left behind.

        Spoiling last time's result, not the one to come, keeps the next set cold.
        """
        self.current[2][...] = self._blank
        self._chosen = repetition


def _own(array: Array, sets: int) -> Array:
    return array.copy() if sets > 1 else array
