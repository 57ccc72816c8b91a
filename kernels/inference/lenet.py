"""LeNet-5 as its five convolutions; fully connected layers are 1 x 1 ones.

    28x28x1 -C1 5x5-> 28x28x6 -pool-> 14x14x6 -C3 5x5-> 10x10x16 -pool-> 5x5x16
    -C5 5x5-> 120 -F6-> 84 -F7-> 10

with ReLU behind all but the last, and the largest of 2 x 2 as pool. LeCun, Bottou,
Bengio, Haffner (1998), with what is usual today in place of its activations.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tenbin.dtypes import Array, narrow, widen
from tenbin.kernels.conv.operands import empty_result
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.variant import Plan

LAYERS = (
    ConvProblem(1, 1, 28, 28, 6, 5, 5, padding=2),
    ConvProblem(1, 6, 14, 14, 16, 5, 5),
    ConvProblem(1, 16, 5, 5, 120, 5, 5),
    ConvProblem(1, 120, 1, 1, 84, 1, 1),
    ConvProblem(1, 84, 1, 1, 10, 1, 1),
)
POOLED = (0, 1)
HALVES = ("float16", "bfloat16")


@dataclass(frozen=True)
class Weights:
    """Filters (K, R, S, C) and biases (K,) of every layer, in float32."""

    filters: tuple[Array, ...]
    biases: tuple[Array, ...]


@dataclass(frozen=True)
class _Layer:
    plan: Plan
    weights: object
    bias: Array
    out: Array


class LeNet:
    """The net in one precision, its weights rounded and packed once."""

    def __init__(
        self,
        make: Callable[[ConvProblem, str, int], Plan],
        dtype: str,
        weights: Weights,
        batch: int,
        threads: int,
    ) -> None:
        self.dtype, self.batch = dtype, batch
        self._layers = []
        for layer, filters, bias in zip(
            LAYERS, weights.filters, weights.biases, strict=True
        ):
            shape = replace(layer, n=batch)
            plan = make(shape, dtype, threads)
            packed = plan.pack(narrow(filters, dtype))
            out = plan.place(empty_result(shape, dtype))
            self._layers.append(_Layer(plan, packed, narrow(bias, dtype), out))

    def __call__(self, images: Array) -> Array:
        """Return the outputs (n, 10) of images (n, 28, 28, 1) in the net's dtype.

        Bias, ReLU and pooling round to the dtype, too. The last batch is filled up.
        """
        outputs = np.empty((len(images), 10), images.dtype)
        for start in range(0, len(images), self.batch):
            part = images[start : start + self.batch]
            count = len(part)
            if count < self.batch:
                part = np.resize(part, (self.batch, *part.shape[1:]))
            outputs[start : start + count] = self._batch(part)[:count]
        return outputs

    def _batch(self, x: Array) -> Array:
        for number, layer in enumerate(self._layers):
            plan = layer.plan
            y = plan.read(plan.run(plan.load(x), layer.weights, layer.out))
            if number in POOLED:  # before the bias: a fourth of the numbers
                y = largest(y, self.dtype)
            y = add(y, layer.bias, self.dtype)
            if number + 1 < len(self._layers):
                y = relu(y, self.dtype)
            x = np.ascontiguousarray(y)
        return x.reshape(self.batch, -1)


def float64_outputs(images: Array, weights: Weights) -> Array:
    """Return the outputs in float64: what all precisions are compared with."""
    from tenbin.kernels.conv.reference import convolve

    x = images.astype(np.float64)
    pairs = zip(LAYERS, weights.filters, weights.biases, strict=True)
    for number, (layer, filters, bias) in enumerate(pairs):
        shape = replace(layer, n=len(images))
        x = convolve(shape, x, filters.astype(np.float64)) + bias
        if number + 1 < len(LAYERS):
            x = np.maximum(x, 0.0)
        if number in POOLED:
            x = largest(x, "float64")
    return x.reshape(len(images), -1)


def add(y: Array, bias: Array, dtype: str) -> Array:
    """Return y + bias, rounded to the dtype."""
    if dtype != "bfloat16":
        return np.asarray(y + bias)
    wide = widen(y, dtype, "float32") + widen(bias, dtype, "float32")
    return narrow(wide, dtype)


def relu(y: Array, dtype: str) -> Array:
    """Return y, and 0 where it is negative; in halves, NaN goes by its sign."""
    if dtype in HALVES:  # the sign is the highest bit
        return np.maximum(y.view(np.int16), 0).view(y.dtype)
    return np.maximum(y, 0)


def largest(y: Array, dtype: str) -> Array:
    """Return the largest of 2 x 2 pixels; in halves, NaN lies beyond infinity."""
    if dtype in HALVES:
        return ordered(_largest(ordered(y.view(np.int16)))).view(y.dtype)
    return _largest(y)


def ordered(bits: Array) -> Array:
    """Turn the bits of halves to integers that order as they do, or back."""
    return np.asarray(bits ^ ((bits >> 15) & np.int16(0x7FFF)))


def _largest(y: Array) -> Array:
    rows = np.maximum(y[:, 0::2], y[:, 1::2])
    return np.maximum(rows[:, :, 0::2], rows[:, :, 1::2])
