"""Steps of VOGN in float64 against the formulas, one example at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.kernels.training import nets, variant
from tenbin.kernels.training.data import Dataset, Split, order
from tenbin.kernels.training.layers import Conv, Dense, Network
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.streams import Stream
from tenbin.kernels.training.trainer import Setup
from tenbin.kernels.training.vogn.trainer import Vogn
from tenbin.topology import discover

Floats = NDArray[np.float64]
Gradient = Callable[[Floats, Floats, int], Floats]  # weights, image, label

COUNT, SIDE, CLASSES, SAMPLES, RATE = 9, 12, 3, 2, 2e-3
CLOSE = 1e-10
PROBLEM = TrainingProblem(
    "glyphs",
    "lenet5",
    batch=6,
    epochs=2,
    seed=3,
    rate=RATE,
    settings=f"samples={SAMPLES}, damping=1e-3, tempering=0.3, prior_variance=0.5, "
    "precision=0.02, momentum=0.8, decay=0.9",
)


def images() -> Dataset:
    rng = np.random.default_rng(5)
    pixels = rng.integers(256, size=(COUNT, SIDE, SIDE, 1), dtype=np.uint8)
    split = Split(pixels, rng.integers(CLASSES, size=COUNT).astype(np.uint8))
    return Dataset("noise", split, split, CLASSES)


@contextmanager
def trainer() -> Iterator[Vogn]:
    topology = discover(MPI.COMM_SELF)
    made = variant("vogn").make(Setup(PROBLEM, "float64", images(), topology))
    assert isinstance(made, Vogn)
    yield made
    made.release()
    topology.free()


def network() -> Network:
    return Network(nets.layers(PROBLEM, CLASSES), (SIDE, SIDE, 1), 1, "float64", seed=3)


def oracle(start: Floats, gradient: Gradient) -> Floats:
    """Return the mean after two epochs (Osawa et al. 2019, tempered variance)."""
    data, tau, prior = images(), 0.3, 0.3 / (COUNT * 0.5)
    mu, m, s = start.copy(), np.zeros_like(start), np.full_like(start, 0.02)
    number = 0
    for epoch in (1, 2):
        shuffled = order.permutation(COUNT, PROBLEM.seed, epoch)
        for batch in order.batches(shuffled, PROBLEM.batch):
            g, h = np.zeros_like(mu), np.zeros_like(mu)
            sigma = np.sqrt(tau / (COUNT * (s + 1e-3 + prior)))
            for sample in range(SAMPLES):
                rng = Stream.VOGN_TRAIN.rng(PROBLEM.seed, number, sample)
                w = mu + sigma * rng.standard_normal(mu.size)
                for i in batch:
                    image = data.train.images[i].astype(np.float64) / 255.0
                    one = gradient(w, image, int(data.train.labels[i]))
                    g += one / (SAMPLES * len(batch))
                    h += one**2 / (SAMPLES * len(batch))
            m = 0.8 * m + g + prior * mu
            s = 0.9 * s + 0.1 * h
            mu = mu - RATE * m / (s + 1e-3 + prior)
            number += 1
    return mu


def judge(gradient: Gradient) -> None:
    with trainer() as vogn:
        used = np.zeros(vogn.net.weights.size, dtype=bool)
        for part in vogn.net.parts:
            used[part.start : part.stop] = True
        expected = oracle(vogn.net.weights.copy(), gradient)
        before = vogn.net.weights.copy()
        for epoch in (1, 2):
            vogn.epoch(epoch)
        moved = np.abs(vogn.net.weights - before)[used].max()
        off = np.abs(vogn.net.weights - expected)[used].max()
    assert moved > 1e-3
    assert off <= CLOSE


def test_steps_agree_with_single_examples() -> None:
    net, loss = network(), LOSSES["cross-entropy"]

    def gradient(w: Floats, image: Floats, label: int) -> Floats:
        net.weights[...] = w
        outputs = net.forward(image[None].copy())
        net.backward(loss(np, outputs, np.eye(CLASSES)[[label]], 1)[1])
        return np.array(net.gradients)

    judge(gradient)


def test_steps_agree_with_autograd() -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    net = network()
    layers = [layer for layer in net.layers if isinstance(layer, Conv | Dense)]

    def gradient(w: Floats, image: Floats, label: int) -> Floats:
        net.weights[...] = w
        pairs = [
            [torch.tensor(a.copy(), requires_grad=True) for a in layer.place.weights]
            for layer in layers
        ]
        told = _outputs(torch, torch.tensor(image[None]).permute(0, 3, 1, 2), pairs)
        torch.nn.functional.cross_entropy(told, torch.tensor([label])).backward()
        for layer, pair in zip(layers, pairs, strict=True):
            for view, tensor in zip(layer.place.gradients, pair, strict=True):
                view[...] = tensor.grad.numpy()
        return np.array(net.gradients)

    judge(gradient)


def _outputs(torch: Any, x: Any, pairs: list[Any]) -> Any:
    """Return LeNet-5 of x (n, C, H, W); weights have the shapes of ours."""
    f = torch.nn.functional
    for (weight, bias), pad in zip(pairs[:2], (2, 0), strict=True):
        x = f.conv2d(x, weight.permute(3, 2, 0, 1), bias, padding=pad)
        x = f.max_pool2d(torch.relu(x), 2)
    x = x.permute(0, 2, 3, 1).reshape(len(x), -1)
    for weight, bias in pairs[2:-1]:
        x = torch.relu(x @ weight + bias)
    weight, bias = pairs[-1]
    return x @ weight + bias
