"""K1, least squares in W: min ||B - f(Z W^T)||^2 + alpha ||W||^2 without gradients.

    repeat t_W times:   R = B - f(V C^T)            blocks of samples that fit a cache
                        C += sum over ranks of R^T V    - C S + goal

in the coordinates of a basis (`basis.py`): nothing is amplified, so float32 bears it.
The step leaves f' out: a fixed point, with no learning rate. For f = identity one step
is ridge regression. 4 q p k FLOP and one allreduce of p k words a step.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.data.order import part
from tenbin.kernels.training.semi_nmf.arena import Arena
from tenbin.kernels.training.semi_nmf.sums import Sums

Array = NDArray[Any]
Activation = Callable[[Array], object]  # in place
BLOCK_BYTES = 2**23


def relu(u: Array) -> None:
    """Replace negative elements by zero."""
    np.maximum(u, 0, out=u)


def lsq_w(
    b: Array,
    c: Array,
    v: Array,
    shrink: Array | None,
    steps: int,
    sums: Sums,
    arena: Arena,
    share: tuple[int, int] = (1, 0),
    f: Activation = relu,
    goal: Array | None = None,
) -> None:
    """Improve C (p, k) in place; B (q, p), V (q, k) are this rank's samples.

    `share` are the ranks, and which of them this is: its rows of C S and of the goal
    are its own to count.
    """
    residual = arena("residual", b.shape, b.dtype.name)
    mine = part(len(c), *share)
    rows = slice(mine.start, mine.stop)
    name = f"K1 {c.shape}"
    step = sums.buffer(name, c.shape, c.dtype.name)
    for _ in range(steps):
        residual_of(b, v, c, residual, f)
        np.matmul(residual.T, v, out=step)
        if shrink is not None:
            step[rows] -= c[rows] @ shrink if shrink.ndim == 2 else c[rows] * shrink
        if goal is not None:
            step[rows] += goal[rows]
        c += sums.total(name, step)


def residual_of(b: Array, v: Array, c: Array, out: Array, f: Activation) -> None:
    """Write B - f(V C^T) into `out`, block by block."""
    for rows in blocks(len(b), b.shape[1] * b.itemsize):
        block = out[rows]
        np.matmul(v[rows], c.T, out=block)
        f(block)
        np.subtract(b[rows], block, out=block)


def blocks(count: int, row_bytes: int) -> list[slice]:
    """Return slices of rows that a cache holds, and that are a product's worth of work.

    >>> blocks(5, 2**22)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    size = max(1, BLOCK_BYTES // row_bytes)
    return [slice(i, min(i + size, count)) for i in range(0, count, size)]
