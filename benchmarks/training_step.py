"""One step of backpropagation against torch's: 784-1000-500-10, one thread, turns.

Forward, cross entropy, backward, SGD in float32 on batches that are there already.
Bars: the ratio of medians is at most 0.90 at batch 128 and 0.96 at batch 1000.
"""

import sys
from collections.abc import Callable
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from tenbin.kernels.training.layers import Dense, Network
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.nets import layers
from tenbin.kernels.training.optimisers import OPTIMISERS, Stepper
from tenbin.kernels.training.problem import TrainingProblem

SIZES, RATE = (784, 1000, 500, 10), 0.01
BARS = {128: 0.90, 1000: 0.96}
BUDGET_S, LEAST = 8.0, 15  # of each batch size
CLOSE = 1e-4  # relative difference of the losses after a few steps

Step = Callable[[], float]


def ours(x: NDArray[Any], labels: NDArray[Any]) -> tuple[Step, Network]:
    problem = TrainingProblem("mnist", "1000-500", batch=len(x))
    net = Network(layers(problem, SIZES[-1]), (SIZES[0],), len(x))
    net.step.total, net.step.rows = len(x), range(len(x))
    update = Stepper(OPTIMISERS["sgd"], np, net.weights, net.gradients)
    targets = np.eye(SIZES[-1], dtype=np.float32)[labels]
    loss = LOSSES["cross-entropy"]

    def step() -> float:
        value, delta = loss(np, net.forward(x), targets, len(x))
        net.backward(delta)
        update(RATE, 1)
        return float(value)

    return step, net


def theirs(x: NDArray[Any], labels: NDArray[Any], start: Network) -> Step:
    import torch

    torch.set_num_threads(1)
    assert torch.get_float32_matmul_precision() == "highest"
    linear = [torch.nn.Linear(i, o) for i, o in pairwise(SIZES)]
    dense = [layer for layer in start.layers if isinstance(layer, Dense)]
    for module, layer in zip(linear, dense, strict=True):
        weight, bias = layer.place.weights
        module.weight.data = torch.tensor(weight.T.copy())
        module.bias.data = torch.tensor(bias.copy())
    relu = torch.nn.ReLU()
    net = torch.nn.Sequential(linear[0], relu, linear[1], relu, linear[2])
    optimiser = torch.optim.SGD(net.parameters(), RATE)
    inputs, targets = torch.tensor(x), torch.tensor(labels)

    def step() -> float:
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(inputs), targets)
        loss.backward()
        optimiser.step()
        return float(loss.item())

    return step


def compare(batch: int) -> bool:
    """Time both in turns; print medians and spread; return whether the bar holds."""
    rng = np.random.default_rng(1)
    x = rng.random((batch, SIZES[0]), dtype=np.float32)
    labels = rng.integers(SIZES[-1], size=batch)
    mine, net = ours(x, labels)
    torch_step = theirs(x, labels, net)
    for _ in range(3):
        one, other = mine(), torch_step()
    assert abs(one - other) < CLOSE * other, (one, other)
    times: list[tuple[float, float]] = []
    began = perf_counter()
    while perf_counter() - began < BUDGET_S or len(times) < LEAST:
        first = timed(mine), timed(torch_step)
        second = timed(torch_step), timed(mine)
        times += [first, second[::-1]]
    a, b = np.array(times).T
    ratio = float(np.median(a) / np.median(b))
    spread = np.percentile(a / b, [25, 75])
    holds = ratio <= BARS[batch]
    print(
        f"batch {batch:5}: tenbin {1e3 * np.median(a):7.2f} ms, torch "
        f"{1e3 * np.median(b):7.2f} ms, ratio {ratio:.3f} "
        f"[{spread[0]:.3f}, {spread[1]:.3f}] of {len(a)} pairs, "
        f"{'within' if holds else 'BEYOND'} {BARS[batch]}",
        flush=True,
    )
    return holds


def timed(step: Step) -> float:
    began = perf_counter()
    step()
    return perf_counter() - began


def main() -> int:
    try:
        import torch
    except ImportError:
        print("torch is not installed: nothing to compare with")
        return 1
    print(f"torch {torch.__version__}, numpy {np.__version__}, float32, 1 thread")
    with threadpool_limits(limits=1):
        verdicts = [compare(batch) for batch in BARS]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
