"""Kronecker factors of the Fisher matrix of linear layers, from one backward pass.

    F  ~  A (x) G       A = E[a a^T] (i+1, i+1)         G = E[s s^T] (o, o)

    dense           a inputs and a 1                    s = d log p / d outputs
    convolution     A = E[sum over the positions]       G = E[mean over the positions]

Martens and Grosse 2015 (arXiv:1503.05671), Grosse and Martens 2016 (arXiv:1602.01407).
The inputs' factor costs n T i^2 flops for T positions, half of what the product of two
different matrices does; BLAS sees that it is symmetric.
"""

from tenbin import device
from tenbin.kernels.training.layers.layer import Array, Examples


def add_input_factor(examples: Examples, out: Array, scale: float) -> None:
    """Add the sum over examples and positions of a a^T, times `scale`."""
    fan_in = examples.inputs.shape[-1]
    rows = examples.inputs.reshape(-1, fan_in)
    sums = device.module_of(rows).full(len(rows), scale, dtype=rows.dtype) @ rows
    square = rows.T @ rows
    square *= scale
    out[:fan_in, :fan_in] += square
    out[fan_in, :fan_in] += sums
    out[:fan_in, fan_in] += sums
    out[fan_in, fan_in] += scale * len(rows)


def add_output_factor(examples: Examples, out: Array, scale: float) -> None:
    """Add the sum over examples, and the mean over positions, of s s^T."""
    positions, fan_out = examples.deltas.shape[1:]
    rows = examples.deltas.reshape(-1, fan_out)
    square = rows.T @ rows
    square *= scale / positions
    out += square


def add_factors(
    examples: Examples, a: Array, g: Array, total: int, scale: float
) -> None:
    """Add both factors of a backward pass of the mean loss over `total` examples.

    Summed over the ranks they are the means over the global batch, times `scale`.
    """
    add_input_factor(examples, a, scale / total)
    add_output_factor(examples, g, scale * total)  # deltas are s / total
