"""Kronecker: the factors of a net, from the examples of a step to its direction.

fresh       of this step        add, exchange.collect
mean        their average       average                 only the owner's are current
made        inverses, roots     make, exchange.spread   on all ranks

direction   A^-1 V G^-1 for the gradient V (i+1, o) of each layer
"""

from math import prod

from tenbin.kernels.training.curvature.blocks import Block, blocks, counts
from tenbin.kernels.training.curvature.damping import Made, damped
from tenbin.kernels.training.curvature.exchange import EXCHANGES
from tenbin.kernels.training.curvature.factors import add_factors
from tenbin.kernels.training.curvature.linear import linear_only
from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.layers.network import Network
from tenbin.topology import Topology


class Kronecker:
    """The factors of all layers of a net, shared by the ranks as `form` says."""

    def __init__(
        self, topology: Topology, net: Network, form: str, algorithm: str
    ) -> None:
        linear_only(net)
        self.net, self.blocks = net, blocks(net, topology.size)
        size = self.blocks[-1].stop
        self.fresh, self.mean = net.xp.zeros((2, size), dtype=net.dtype)
        lengths = counts(self.blocks, topology.size)
        self.exchange = EXCHANGES[form](topology, lengths, self.fresh, algorithm)
        own = self.exchange.own
        self.mine = [b for b in self.blocks if own.start <= b.start < own.stop]

    def empty(self) -> Array:
        """Return a vector of zeros for what is made of the factors."""
        return self.net.xp.zeros_like(self.mean)

    def views(self, name: str, flat: Array) -> dict[str, Array]:
        """Return the matrices of a vector by names that no rank count changes."""
        return {
            f"layer{block.layer}_{name}_{side}": matrix
            for block in self.blocks
            for side, matrix in zip("ag", block.of(flat), strict=True)
        }

    def add(self, scale: float = 1.0) -> None:
        """Add the factors of the net's last backward pass to the fresh ones."""
        for block in self.blocks:
            examples = self.net.layers[block.layer].examples()
            assert examples is not None
            add_factors(examples, *block.of(self.fresh), self.net.step.total, scale)

    def average(self, fresh_weight: float) -> None:
        """Move the own averages towards the collected factors, and forget these."""
        for block in self.mine:
            own = slice(block.start, block.stop)
            self.mean[own] += fresh_weight * (self.fresh[own] - self.mean[own])
        self.fresh.fill(0)

    def make(self, how: Made, damping: float, out: Array) -> None:
        """Write what `how` makes of the own damped factors."""
        for block in self.mine:
            pair = damped(*block.of(self.mean), damping)
            for target, factor in zip(block.of(out), pair, strict=True):
                target[...] = how(factor)

    def precondition(self, inverses: Array) -> float:
        """Turn the net's gradients into directions; return their inner product."""
        slope = 0.0
        for block in self.blocks:
            v = self.gradient(block)
            a, g = block.of(inverses)
            direction = a @ v @ g
            slope += float((v * direction).sum())
            put(self.net, self.net.gradients, block, direction)
        return slope

    def gradient(self, block: Block) -> Array:
        """Return the gradient of a layer as one matrix, the bias as the last row."""
        weight, bias = pair(self.net, self.net.gradients, block)
        return self.net.xp.vstack([weight, bias])


def pair(net: Network, flat: Array, block: Block) -> tuple[Array, Array]:
    """Return the views of the weights (i, o) and the bias (o,) in a flat vector."""
    weight, bias = (part.of(flat) for part in net.parts if part.layer == block.layer)
    return weight.reshape(prod(weight.shape[:-1]), -1), bias


def put(net: Network, flat: Array, block: Block, matrix: Array) -> None:
    """Write a matrix (i+1, o) into the weights and the bias of a flat vector."""
    weight, bias = pair(net, flat, block)
    weight[...], bias[...] = matrix[:-1], matrix[-1]
