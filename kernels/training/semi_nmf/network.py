"""The network between sweeps, and its forward pass.

weights[0]      C (n_1, k), in the coordinates of the data (`data_factor.py`)
weights[i]      W (n_{i+1}, n_i + 1), its last column the bias; n_i without biases
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf.arena import Arena
from tenbin.kernels.training.semi_nmf.lsq_w import blocks, relu

Array = NDArray[Any]


@dataclass
class Network:
    """Weights in the precision of the factors; `ones` is 1 with biases, else 0."""

    weights: list[Array]
    ones: int

    @property
    def hidden(self) -> list[int]:
        """Return the units of the hidden layers."""
        return [len(w) for w in self.weights[:-1]]


def forward(network: Network, v: Array, arena: Arena) -> list[Array]:
    """Return the outputs [Z 1] of the hidden layers for coordinates V (q, k)."""
    outputs, below = [], v
    for number, w in enumerate(network.weights[:-1]):
        z = arena(f"z{number}", (len(v), len(w) + network.ones), v.dtype.name)
        layer(below, w, z)
        outputs.append(z)
        below = z
    return outputs


def layer(below: Array, w: Array, out: Array) -> None:
    """Write relu(below W^T) into the first columns of `out`, ones into the rest."""
    weights = w.astype(below.dtype, copy=False)
    for rows in blocks(len(out), out.shape[1] * out.itemsize):
        block = out[rows, : len(w)]
        np.matmul(below[rows], weights.T, out=block)
        relu(block)
    out[:, len(w) :] = 1


def predict(network: Network, v: Array, arena: Arena) -> Array:
    """Return the outputs of the network (q, classes)."""
    last = forward(network, v, arena)[-1]
    return np.asarray(last @ network.weights[-1].astype(v.dtype, copy=False).T)
