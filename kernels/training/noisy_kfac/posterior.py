"""The Gaussian over the weights of each layer: how to draw from it.

    W ~ MN(M, kl / N  A^-1, G^-1)       W = M + sqrt(kl / N) R_A E R_G^T,  E ~ N(0, 1)

R R^T is the inverse of a factor under the prior's damping alone. Without factors R is
zero: then the mean itself is drawn. (Zhang, Sun, Duvenaud and Grosse 2018,
arXiv:1712.02390, section 3.2.)
"""

from collections.abc import Sequence

import numpy as np

from tenbin.kernels.training.curvature.blocks import Block
from tenbin.kernels.training.curvature.kronecker import pair
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.layers.network import Network


def draw(
    net: Network,
    blocks: Sequence[Block],
    roots: Array,
    deviation: float,
    key: tuple[int, ...],
) -> None:
    """Move a net's weights from the mean to a sample; the same for the same key."""
    for block in blocks:
        r_a, r_g = block.of(roots)
        rng = np.random.default_rng((*key, block.layer))
        shape = block.inputs, block.outputs
        noise = net.xp.asarray(rng.standard_normal(shape, dtype=net.dtype.type))
        moved = r_a @ noise @ r_g.T
        moved *= net.dtype.type(deviation)
        weight, bias = pair(net, net.weights, block)
        weight += moved[:-1]
        bias += moved[-1]
