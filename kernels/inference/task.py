"""From a case to a task: this rank's images through the net, and its top-1."""

from functools import cache
from typing import Any

import numpy as np

from tenbin import threads
from tenbin.check import UNIT_ROUNDOFF, Check
from tenbin.dtypes import Array, narrow, widen
from tenbin.kernel import Options, Task
from tenbin.kernels.conv.split import part
from tenbin.kernels.conv.variant import Variant
from tenbin.kernels.inference.lenet import LeNet, Weights, float64_outputs
from tenbin.kernels.inference.problem import InferenceProblem
from tenbin.kernels.inference.train import pixels, trained
from tenbin.kernels.training.data.dataset import Split
from tenbin.topology import Topology

METHOD = "outputs against float64"
ROUNDINGS = 32.0  # of the dtype, that five layers may add up to
PIECE = 500
PRECISIONS = {
    ("float32", "float32"): "fp32",
    ("float16", "float32"): "dfp16",
    ("float16", "float16"): "mfp16",
    ("bfloat16", "float32"): "bf16",
}


def task(
    whole: InferenceProblem,
    variant: Variant,
    dtype: str,
    topology: Topology,
    options: Options,
) -> Task:
    """Return the task of this rank's images. Collective."""
    cores = options.threads or threads.cores_per_rank(topology)
    restore = threads.pin(cores)
    weights, test = trained(whole.dataset, whole.samples, whole.epochs, whole.seed)
    images, labels = _images(test, part(whole.images, topology.size, topology.rank))
    net = LeNet(variant.plan, dtype, weights, whole.batch, cores)
    stored = narrow(images, dtype)
    outputs: list[Array | None] = [None]

    def reset(repetition: int) -> None:
        outputs[0] = None

    def run() -> None:
        outputs[0] = net(stored)

    @cache
    def right() -> Array:
        return _right(images, weights)

    def check() -> Check:
        if outputs[0] is None:
            return Check(ok=False, error=float("nan"), method=METHOD)
        found = widen(outputs[0], dtype, "float64")
        details.update(_accuracy(topology, found, right(), labels))
        return _judged(found, right(), dtype)

    details: dict[str, Any] = {"threads": cores, **_precision(variant, dtype)}
    return Task(run, reset, check, restore, details)


def _precision(variant: Variant, dtype: str) -> dict[str, str]:
    sums = variant.accumulate[dtype]
    return {"accumulate": sums, "precision": PRECISIONS.get((dtype, sums), "")}


def _images(test: Split, mine: range) -> tuple[Array, Array]:
    """Return images and labels; the set comes again where more are asked for."""
    rows = np.arange(mine.start, mine.stop) % test.size
    return pixels(test)[rows], test.labels[rows]


def _right(images: Array, weights: Weights) -> Array:
    """Return the outputs in float64, computed piece by piece."""
    starts = range(0, len(images), PIECE)
    pieces = (float64_outputs(images[i : i + PIECE], weights) for i in starts)
    return np.concatenate(list(pieces))


def _judged(found: Array, right: Array, dtype: str) -> Check:
    error = float(np.linalg.norm(found - right) / np.linalg.norm(right))
    worst = error / (ROUNDINGS * UNIT_ROUNDOFF[dtype])
    return Check(ok=bool(worst <= 1.0), error=worst, method=METHOD)


def _accuracy(
    topology: Topology, found: Array, right: Array, labels: Array
) -> dict[str, float]:
    """Return top-1 over all ranks, its change from float64, and how many disagree."""
    chosen, best = found.argmax(axis=1), right.argmax(axis=1)
    mine = (
        *(np.count_nonzero(chosen == labels), np.count_nonzero(best == labels)),
        *(np.count_nonzero(chosen != best), len(labels)),
        *(np.square(found - right).sum(), np.square(right).sum()),
    )
    sums = np.sum(topology.world.allgather([float(value) for value in mine]), axis=0)
    correct, correct64, differ, count, error, size = map(float, sums)
    return {
        "top1": correct / count,
        "top1_change": (correct - correct64) / count,
        "changed_answers": differ,
        "relative_l2": (error / size) ** 0.5,
    }
