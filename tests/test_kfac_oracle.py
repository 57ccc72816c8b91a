"""Whole steps of K-FAC, noisy or not, with a convolution, against single examples."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI
from numpy.typing import NDArray

from tenbin.kernels.training.curvature.blocks import Block, blocks
from tenbin.kernels.training.curvature.kronecker import pair, put
from tenbin.kernels.training.data import Dataset, Split, order
from tenbin.kernels.training.kfac.settings import Settings
from tenbin.kernels.training.kfac.trainer import Kfac
from tenbin.kernels.training.layers import (
    Activate,
    Conv,
    Dense,
    Layer,
    MaxPool,
    Network,
)
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.noisy_kfac.settings import Settings as NoisySettings
from tenbin.kernels.training.noisy_kfac.trainer import NoisyKfac
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.streams import Stream
from tenbin.kernels.training.trainer import Setup
from tenbin.topology import discover

Floats = NDArray[np.float64]
Sides = dict[int, tuple[Floats, Floats]]  # layer -> a (T, i+1), s (T, o)
One = Callable[[Floats, Floats, int], tuple[Floats, Sides]]  # weights, image, label

COUNT, SHAPE, CLASSES, RATE = 8, (6, 4, 2), 3, 0.05
DAMPING, FRESH, KL, PRIOR = 0.02, 0.3, 0.6, 0.5
PROBLEM = TrainingProblem("glyphs", "9", batch=4, epochs=2, seed=3, rate=RATE)
EVERY_STEP: dict[str, Any] = {
    "t_stats": 1, "t_inv": 1, "clip": 0.0, "optimiser": "sgd",
    "damping": DAMPING, "fresh": FRESH,
}  # fmt: skip


def stack() -> list[Layer]:
    return [
        Conv(4, 3, pad=1),
        Activate("tanh"),
        MaxPool(),
        Dense(5),
        Activate("tanh"),
        Dense(CLASSES),
    ]


class SmallKfac(Kfac):
    def layers(self) -> list[Layer]:
        return stack()


class SmallNoisyKfac(NoisyKfac):
    def layers(self) -> list[Layer]:
        return stack()


def images() -> Dataset:
    rng = np.random.default_rng(5)
    pixels = rng.integers(256, size=(COUNT, *SHAPE), dtype=np.uint8)
    split = Split(pixels, rng.integers(CLASSES, size=COUNT).astype(np.uint8))
    return Dataset("noise", split, split, CLASSES)


def network() -> Network:
    return Network(stack(), SHAPE, 1, "float64", seed=3)


def damped(a: Floats, g: Floats, damping: float) -> tuple[Floats, Floats]:
    pi = np.sqrt((np.trace(a) / len(a)) / (np.trace(g) / len(g)))
    shifts = pi * np.sqrt(damping), np.sqrt(damping) / pi
    return a + shifts[0] * np.eye(len(a)), g + shifts[1] * np.eye(len(g))


class Oracle:
    """The formulas, with dense Kronecker products and one example at a time."""

    def __init__(self, one: One, samples: int, weights: Floats) -> None:
        self.one, self.samples, self.net = one, samples, network()
        self.w, self.blocks = weights.copy(), blocks(self.net, 1)
        self.means: dict[int, tuple[Floats, Floats]] = {}
        self.prior = KL / (COUNT * PRIOR) if samples else 0.0

    def drawn(self, number: int, sample: int) -> Floats:
        """Return a sample of the weights; the mean where nothing is known yet."""
        w = self.w.copy()
        for block in self.blocks if self.samples and self.means else ():
            a, g = damped(*self.means[block.layer], self.prior)
            roots = [np.linalg.inv(np.linalg.cholesky(m)).T for m in (a, g)]
            key = (*Stream.KFAC_TRAIN.key(PROBLEM.seed, number, sample), block.layer)
            noise = np.random.default_rng(key).standard_normal((len(a), len(g)))
            moved = np.sqrt(KL / COUNT) * roots[0] @ noise @ roots[1].T
            put(self.net, w, block, self.matrix(w, block) + moved)
        return w

    def matrix(self, flat: Floats, block: Block) -> Floats:
        return np.vstack(pair(self.net, flat, block))

    def step(self, batch: NDArray[np.int64], number: int) -> None:
        data, draws = images().train, self.samples or 1
        v, share = np.zeros_like(self.w), 1.0 / (draws * len(batch))
        fresh = {b.layer: [np.zeros((b.inputs,) * 2), np.zeros((b.outputs,) * 2)]
                 for b in self.blocks}  # fmt: skip
        for sample in range(draws):
            w = self.drawn(number, sample)
            for i in batch:
                image = data.images[i].astype(np.float64) / 255.0
                gradient, sides = self.one(w, image, int(data.labels[i]))
                v += share * (gradient + self.prior * w)
                for layer, (a, s) in sides.items():
                    fresh[layer][0] += share * a.T @ a
                    fresh[layer][1] += share * s.T @ s / len(s)
        for block in self.blocks:
            new = fresh[block.layer]
            old = self.means.get(block.layer, new)
            mixed = [(1 - FRESH) * o + FRESH * n for o, n in zip(old, new, strict=True)]
            self.means[block.layer] = mixed[0], mixed[1]
            product = np.kron(*damped(mixed[0], mixed[1], DAMPING + self.prior))
            gradient = self.matrix(v, block)
            moved = np.linalg.solve(product, gradient.ravel()).reshape(gradient.shape)
            put(self.net, self.w, block, self.matrix(self.w, block) - RATE * moved)


def judge(one: One, samples: int) -> None:
    topology = discover(MPI.COMM_SELF)
    setup = Setup(PROBLEM, "float64", images(), topology)
    if samples:
        settings = NoisySettings(
            **EVERY_STEP, samples=samples, kl=KL, prior_variance=PRIOR
        )
        trainer: Kfac = SmallNoisyKfac(setup, settings)
    else:
        trainer = SmallKfac(setup, Settings(**EVERY_STEP))
    before = trainer.net.weights.copy()
    oracle, number = Oracle(one, samples, before), 0
    for epoch in (1, 2):
        trainer.epoch(epoch)
        shuffled = order.permutation(COUNT, PROBLEM.seed, epoch)
        for batch in order.batches(shuffled, PROBLEM.batch):
            oracle.step(batch, number)
            number += 1
    for block in oracle.blocks:
        found, expected, start = (
            oracle.matrix(flat, block)
            for flat in (trainer.net.weights, oracle.w, before)
        )
        assert np.abs(expected - start).max() > 1e-2
        assert np.abs(found - expected).max() <= 1e-10
    trainer.release()
    topology.free()


@pytest.mark.parametrize("samples", [0, 1, 2], ids=["kfac", "noisy", "noisy-2"])
def test_steps_agree_with_single_examples(samples: int) -> None:
    net, loss = network(), LOSSES["cross-entropy"]

    def one(w: Floats, image: Floats, label: int) -> tuple[Floats, Sides]:
        net.weights[...] = w
        outputs = net.forward(image[None].copy())
        net.backward(loss(np, outputs, np.eye(CLASSES)[[label]], 1)[1])
        sides = {}
        for block in blocks(net, 1):
            examples = net.layers[block.layer].examples()
            assert examples is not None
            inputs, deltas = examples.inputs[0], examples.deltas[0]
            ones = np.ones((len(inputs), 1))
            sides[block.layer] = np.hstack([inputs, ones]), deltas.copy()
        return np.array(net.gradients), sides

    judge(one, samples)


@pytest.mark.parametrize("samples", [0, 1, 2], ids=["kfac", "noisy", "noisy-2"])
def test_steps_agree_with_autograd(samples: int) -> None:
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    net = network()
    layout = {block.layer: block for block in blocks(net, 1)}
    f = torch.nn.functional

    def one(w: Floats, image: Floats, label: int) -> tuple[Floats, Sides]:
        weights = {n: [torch.tensor(p.copy(), requires_grad=True)
                       for p in pair(net, w, block)]
                   for n, block in layout.items()}  # fmt: skip
        x = torch.tensor(image).permute(2, 0, 1)[None]
        filters = weights[0][0].reshape(3, 3, 2, 4).permute(3, 2, 0, 1)
        u0 = f.conv2d(x, filters, weights[0][1], padding=1)
        hidden = f.max_pool2d(torch.tanh(u0), 2).permute(0, 2, 3, 1).reshape(1, -1)
        u3 = hidden @ weights[3][0] + weights[3][1]
        last = torch.tanh(u3)
        u5 = last @ weights[5][0] + weights[5][1]
        loss = f.cross_entropy(u5, torch.tensor([label]))
        leaves = [p for both in weights.values() for p in both]
        found = torch.autograd.grad(loss, [u0, u3, u5, *leaves])
        gradient = np.zeros_like(w)
        for n, both in zip(weights, zip(found[3::2], found[4::2], strict=True),
                           strict=True):  # fmt: skip
            put(net, gradient, layout[n], np.vstack([p.numpy() for p in both]))
        patches = f.unfold(x, 3, padding=1)[0].T.reshape(-1, 2, 9).swapaxes(1, 2)
        inputs = {0: patches.reshape(-1, 18), 3: hidden, 5: last}
        deltas = {0: found[0][0].flatten(1).T, 3: found[1], 5: found[2]}
        sides = {n: (np.pad(inputs[n].detach().numpy(), ((0, 0), (0, 1)),
                            constant_values=1.0), deltas[n].numpy())
                 for n in layout}  # fmt: skip
        return gradient, sides

    judge(one, samples)
