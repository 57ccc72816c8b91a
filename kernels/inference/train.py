"""The LeNet-5 to be evaluated, trained in float32 by momentum; once in a process.

On one thread: BLAS sums in another order on more, and all ranks evaluate the same net.
"""

from contextlib import ExitStack
from functools import cache

import numpy as np

from tenbin import threads
from tenbin.kernels.inference.lenet import Weights
from tenbin.kernels.training import data
from tenbin.kernels.training.data.dataset import Split, unit_pixels
from tenbin.kernels.training.layers import Activate, Conv, Dense, MaxPool, Network
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.optimisers import OPTIMISERS, Stepper

BATCH, RATE = 64, 0.02


@cache
def trained(
    dataset: str, samples: int, epochs: int, seed: int
) -> tuple[Weights, Split]:
    """Return the weights, and the test set they have not seen."""
    found = data.load(dataset, samples=samples, seed=seed)
    with ExitStack() as held:
        held.callback(threads.pin(1))
        net = _fit(found.train, epochs, seed)
    return _weights(net), found.test


def _fit(train: Split, epochs: int, seed: int) -> Network:
    net = _network(seed)
    momentum = OPTIMISERS["momentum"]
    update = Stepper(momentum, np, net.weights, net.gradients)
    loss, step = LOSSES["cross-entropy"], 0
    x, targets = pixels(train), np.eye(10, dtype=np.float32)[train.labels]
    for epoch in range(epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(x))
        for start in range(0, len(x) - BATCH + 1, BATCH):
            chosen, step = order[start : start + BATCH], step + 1
            out = net.forward(x[chosen])
            net.backward(loss(np, out, targets[chosen], BATCH)[1])
            update(RATE, step)
    return net


def pixels(split: Split) -> np.ndarray:
    """Return images (n, 28, 28, 1) as 0..1."""
    return unit_pixels(split.images, np.empty(split.images.shape, np.float32))


def _network(seed: int) -> Network:
    layers = [
        *(Conv(6, 5, pad=2), Activate("relu"), MaxPool()),
        *(Conv(16, 5), Activate("relu"), MaxPool()),
        *(Conv(120, 5), Activate("relu")),
        *(Dense(84), Activate("relu"), Dense(10)),
    ]
    return Network(layers, (28, 28, 1), BATCH, seed=seed)


def _weights(net: Network) -> Weights:
    """Return (R, S, C, K) as (K, R, S, C), and (inputs, outputs) as 1 x 1."""
    found = {(part.layer, part.spec.name): part.of(net.weights) for part in net.parts}
    numbers = sorted({layer for layer, _ in found})
    filters = []
    for number in numbers:
        w = found[number, "weight"]
        w = w if w.ndim == 4 else w[None, None]
        filters.append(np.ascontiguousarray(w.transpose(3, 0, 1, 2)))
    biases = tuple(found[number, "bias"].copy() for number in numbers)
    return Weights(tuple(filters), biases)
