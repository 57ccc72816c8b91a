"""Where a network starts from: the autoencoder, or random numbers for comparison."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.data import Split
from tenbin.kernels.training.data.dataset import one_hot
from tenbin.kernels.training.data.order import mine, part, permutation
from tenbin.kernels.training.semi_nmf.autoencoder import autoencoder
from tenbin.kernels.training.semi_nmf.data_factor import DataFactor
from tenbin.kernels.training.semi_nmf.network import Network
from tenbin.kernels.training.semi_nmf.settings import Settings
from tenbin.kernels.training.semi_nmf.solver import Solver

Array = NDArray[Any]
BEFORE = 0  # the epoch whose order gives the samples of the autoencoder


def pretrained(
    split: Split,
    classes: int,
    hidden: tuple[int, ...],
    data: DataFactor,
    settings: Settings,
    solver: Solver,
    seed: int,
) -> Network:
    """Return a network that has seen `settings.pretrain_batch` random samples."""
    chosen = permutation(split.size, seed, BEFORE)[: settings.pretrain_batch]
    own = mine(chosen, *solver.share)
    targets = one_hot(split.labels[own], classes, solver.precision.bulk)
    place = part(len(chosen), *solver.share), len(chosen)
    rows = split.rows[own]
    return autoencoder(rows, targets, place, hidden, data, settings, solver, seed)


def random_network(
    hidden: tuple[int, ...],
    classes: int,
    data: DataFactor,
    settings: Settings,
    solver: Solver,
    seed: int,
) -> Network:
    """Return normal weights of variance 2 / inputs (He et al. 2015), no bias yet."""
    rng = np.random.default_rng((seed, 0x4E))
    encode = data.basis.encode
    weights: list[Array] = []
    below = len(encode) - data.ones
    for units in (*hidden, classes):
        w = np.zeros((units, below + data.ones))
        w[:, :below] = rng.normal(0.0, np.sqrt(2.0 / below), (units, below))
        weights.append(w if weights else w @ encode)
        below = units
    wide = solver.precision.factor
    return Network([w.astype(wide) for w in weights], data.ones)
