"""Mean squares of the gradients of single examples, from one backward pass.

    dense          h = 1/n sum over i of (x_i d_i^T)^2  =  1/n (x^2)^T (d^2)
    convolution    h = 1/n sum over i of (X_i^T D_i)^2      X_i patches, D_i deltas

A dense layer costs one more product of the size of its gradient, and no memory: the
square of an outer product is the outer product of squares (Goodfellow 2015,
arXiv:1510.01799). In a convolution the positions of an example add up before they are
squared, so its gradient is formed, a few examples at a time; summed before they are
squared, these give the gradient of the batch as well, for less than its own product.
"""

from math import prod
from types import ModuleType

from tenbin.kernels.training.layers.layer import Array, Examples
from tenbin.kernels.training.layers.network import Network

CHUNK_BYTES = 2**19  # gradients of single examples that stay in cache


def add_squares(net: Network, flat: Array, scale: float = 1.0) -> None:
    """Add the squares of this rank's last backward pass to `flat`, times `scale`.

    `flat` is laid out like `net.weights`. Summed over the ranks it is the mean over the
    global batch. Completes the gradients of a net whose step is `by_example`.
    """
    factor = scale * net.step.total  # deltas are those of the mean loss
    for number, layer in enumerate(net.layers):
        examples = layer.examples()
        if examples is None:
            continue
        weight, bias = (part.of(flat) for part in net.parts if part.layer == number)
        bias += factor * (_over_positions(examples.deltas, layer.place.xp) ** 2).sum(0)
        if examples.inputs.shape[1] == 1:
            squares = (examples.inputs[:, 0] ** 2).T @ examples.deltas[:, 0] ** 2
        else:
            squares = _sum_both(examples, layer.place.xp, layer.place.gradients[0])
        squares *= factor
        weight += squares.reshape(weight.shape)


def _over_positions(deltas: Array, xp: ModuleType) -> Array:
    """Return the gradients (n, o) of the bias."""
    return xp.matmul(xp.ones(deltas.shape[1], dtype=deltas.dtype), deltas)


def _sum_both(examples: Examples, xp: ModuleType, gradient: Array) -> Array:
    """Return the sum of the examples' squared gradients; write that of themselves.

    Sums are products by ones: a pass through the cache each.
    """
    inputs, deltas = examples.inputs, examples.deltas
    shape = inputs.shape[2], deltas.shape[2]
    chunk = max(1, CHUNK_BYTES // (prod(shape) * inputs.itemsize))
    sums, squares = xp.zeros((2, prod(shape)), dtype=inputs.dtype)
    ones = xp.ones(chunk, dtype=inputs.dtype)
    room = xp.empty((chunk, *shape), dtype=inputs.dtype)
    for start in range(0, len(inputs), chunk):
        some = slice(start, start + chunk)
        few = room[: len(inputs[some])]
        xp.matmul(inputs[some].transpose(0, 2, 1), deltas[some], out=few)
        found = few.reshape(len(few), -1)
        sums += ones[: len(found)] @ found
        found *= found
        squares += ones[: len(found)] @ found
    gradient[...] = sums.reshape(gradient.shape)
    return squares
