"""The factor of the data: singular values above a cut, once for all samples.

    X = [pixels 1] (m, r)      X^T X = U S^2 U^T      keep s_j > delta s_1      k of r
    coordinates V = X U S^-1 (m, k)

The first layer's weights stay in the range of U: W_1 = C D, so that X W_1^T = V C^T and
its products have k = 91 columns in the place of 785 (MNIST, delta = 4e-2). A mini-batch
has its own rows of the one V: V_I^T V_I is |I| / m of the identity, and the first layer
is under-relaxed by as much.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf.basis import Basis
from tenbin.kernels.training.semi_nmf.packing import pack, packed_size, unpack
from tenbin.kernels.training.semi_nmf.sums import Sums

Array = NDArray[Any]
BLOCK = 4096  # samples that are widened at a time


@dataclass(frozen=True, eq=False)
class DataFactor:
    """The basis of the data; `ones` is 1 where a column of ones is part of them."""

    basis: Basis
    ones: int

    def coordinates(self, pixels: Array, dtype: str) -> Array:
        """Return V (m, k) of pixels (m, n), in blocks."""
        decode = self.basis.decode
        v = np.empty((len(pixels), len(decode)), dtype=dtype)
        for i in range(0, len(pixels), BLOCK):
            v[i : i + BLOCK] = widen(pixels[i : i + BLOCK], self.ones) @ decode.T
        return v


def widen(pixels: Array, ones: int, dtype: str = "float64") -> Array:
    """Return pixels (m, n) as numbers, with a column of ones if `ones`."""
    wide = np.ones((len(pixels), pixels.shape[1] + ones), dtype=dtype)
    wide[:, : pixels.shape[1]] = pixels
    return wide


def data_factor(
    pixels: Array, delta: float, alpha: float, bias: bool, sums: Sums
) -> DataFactor:
    """Return the factor of the samples of all ranks, of which `pixels` are this one's.

    In float64; one allreduce of r (r + 1) / 2 words.
    """
    ones = int(bias)
    r = pixels.shape[1] + ones
    whole = np.zeros((r, r))
    for i in range(0, len(pixels), BLOCK):
        block = widen(pixels[i : i + BLOCK], ones)
        whole += block.T @ block
    buffer = sums.buffer("data", (packed_size(r),), "float64")
    pack(whole, buffer)
    unpack(sums.total("data", buffer), whole)
    with sums.spent("inverse"):
        return DataFactor(_truncated(whole, delta, alpha), ones)


def _truncated(gram: Array, delta: float, alpha: float) -> Basis:
    squares, vectors = np.linalg.eigh(gram)
    kept = squares > max(delta**2, 1e-14) * squares[-1]
    ridged, u = squares[kept] + alpha, vectors[:, kept]
    shrink = alpha / ridged if alpha else None
    return Basis(u * np.sqrt(ridged), (u / np.sqrt(ridged)).T, shrink)
