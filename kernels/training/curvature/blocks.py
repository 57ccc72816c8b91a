"""Blocks: where the factors of each layer lie in one vector, sorted by owner.

    rank 0                          rank 1
    [ A of layer 4 | G of layer 4 ][ A of layer 0 | G of layer 0 | A of layer 2 | .. ]

What a rank owns is one piece, so that a reduce-scatter takes sums to the owners and an
allgather brings back what they made of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from tenbin.kernels.training.layers.layer import Array
from tenbin.kernels.training.layers.network import Network


@dataclass(frozen=True)
class Block:
    """The factors of one layer: their sizes, their owner, where the first begins."""

    layer: int
    inputs: int  # with the 1 of the bias
    outputs: int
    owner: int
    start: int

    @property
    def stop(self) -> int:
        """Return where the second ends."""
        return self.start + self.inputs**2 + self.outputs**2

    def of(self, flat: Array) -> tuple[Array, Array]:
        """Return the views A (inputs, inputs) and G (outputs, outputs)."""
        middle = self.start + self.inputs**2
        return (
            flat[self.start : middle].reshape(self.inputs, self.inputs),
            flat[middle : self.stop].reshape(self.outputs, self.outputs),
        )


def blocks(net: Network, ranks: int) -> list[Block]:
    """Return the blocks of all linear layers, sorted by owner."""
    sizes = dict(_sizes(net))
    costs = {layer: float(i**3 + o**3) for layer, (i, o) in sizes.items()}
    found, start = [], 0
    for owner, layers in enumerate(shared(costs, ranks)):
        for layer in layers:
            block = Block(layer, *sizes[layer], owner, start)
            found.append(block)
            start = block.stop
    return found


def shared(costs: dict[int, float], ranks: int) -> list[list[int]]:
    """Return the layers of each rank: the longest first, to whoever has least.

    At most 4/3 of the best makespan (Graham 1969).

    >>> shared({0: 1.0, 1: 5.0, 2: 3.0}, 2)
    [[1], [0, 2]]
    """
    layers: list[list[int]] = [[] for _ in range(ranks)]
    loads = [0.0] * ranks
    for layer in sorted(costs, key=lambda layer: (-costs[layer], layer)):
        rank = loads.index(min(loads))
        layers[rank].append(layer)
        loads[rank] += costs[layer]
    return [sorted(mine) for mine in layers]


def counts(found: list[Block], ranks: int) -> list[int]:
    """Return the length of each rank's piece."""
    return [sum(b.stop - b.start for b in found if b.owner == r) for r in range(ranks)]


def _sizes(net: Network) -> Iterator[tuple[int, tuple[int, int]]]:
    for number in {part.layer for part in net.parts}:
        weight = next(part.spec for part in net.parts if part.layer == number)
        yield number, (prod(weight.shape[:-1]) + 1, weight.shape[-1])
