"""The Gram matrix of all samples, and what is summed along with it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf.packing import pack, packed_size, unpack
from tenbin.kernels.training.semi_nmf.sums import Sums

Array = NDArray[Any]


def gram(
    name: str, z: Array, sums: Sums, targets: Array | None = None
) -> tuple[Array, Array]:
    """Return Z^T Z (r, r) and targets^T Z (p, r) over the samples of all ranks.

    `z` (q, r) and `targets` (q, p) are this rank's samples; the sum has the dtype of
    `z`. One allreduce of r (r + 1) / 2 + p r words.
    """
    r = z.shape[1]
    half = packed_size(r)
    p = 0 if targets is None else targets.shape[1]
    buffer = sums.buffer(name, (half + p * r,), z.dtype.name)
    product = buffer[half:].reshape(p, r)
    whole = z.T @ z
    pack(whole, buffer[:half])
    if targets is not None:
        np.matmul(targets.T, z, out=product)
    sums.total(name, buffer)
    unpack(buffer[:half], whole)
    return whole, product
