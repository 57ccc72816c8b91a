"""Pre-training, layer by layer, on one mini-batch: an autoencoder by NMF.

    A (q, n) inputs of the layer, k its units
    repeat:   A ~ [V 1] U^T, all >= 0       nmf_steps            (`nmf.py`)
              W <- K1 with target V         fit_steps            (`lsq_w.py`)
              V <- f([A 1] W^T)             where the next round starts

The output layer is the linear regression of the targets on the last V.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf.data_factor import DataFactor, widen
from tenbin.kernels.training.semi_nmf.hidden import coordinates, fit_w
from tenbin.kernels.training.semi_nmf.network import Network, layer
from tenbin.kernels.training.semi_nmf.nmf import Codes, nmf_step, random_codes
from tenbin.kernels.training.semi_nmf.settings import Settings
from tenbin.kernels.training.semi_nmf.solver import Solver
from tenbin.kernels.training.semi_nmf.sweep import first_layer, last_layer_w

Array = NDArray[Any]
Fit = Callable[[Array, Array], Array]  # target, W -> W


def autoencoder(
    pixels: Array,
    targets: Array,
    place: tuple[range, int],
    hidden: tuple[int, ...],
    data: DataFactor,
    settings: Settings,
    solver: Solver,
    seed: int,
) -> Network:
    """Return a network pre-trained on the samples of all ranks.

    `pixels` (q, n) and `targets` (q, classes) are this rank's; `place` says which of
    how many. Every rank count draws the same numbers.
    """
    rng = np.random.default_rng((seed, 0xAE))
    bulk, wide = solver.precision.bulk, solver.precision.factor
    v = data.coordinates(pixels, bulk)
    below = widen(pixels, data.ones, bulk)
    network = Network([], data.ones)
    for number, units in enumerate(hidden):
        n = below.shape[1] - data.ones
        codes = random_codes(below[:, :n], units, data.ones, *place, rng)
        inputs, fit = v, _fit_first(v, settings, solver)
        if number:
            inputs, fit = below, _fit_hidden(below, number, settings, solver)
        w = np.zeros((units, inputs.shape[1]), wide)
        for _ in range(settings.rounds):
            w = _round(below[:, :n], codes, inputs, w, fit, settings, solver)
        network.weights.append(w)
        below = codes.both
    network.weights.append(last_layer_w(below, targets, None, len(hidden), 0.0, solver))
    return network


def _round(
    a: Array,
    codes: Codes,
    inputs: Array,
    w: Array,
    fit: Fit,
    settings: Settings,
    solver: Solver,
) -> Array:
    for _ in range(settings.nmf_steps):
        nmf_step(a, codes, solver)
    w = fit(codes.v, w)
    layer(inputs, w, codes.both)
    return w


def _fit_first(v: Array, settings: Settings, solver: Solver) -> Fit:
    steps = settings.fit_steps
    return lambda target, w: first_layer(target, w, v, None, steps, solver)


def _fit_hidden(below: Array, number: int, settings: Settings, solver: Solver) -> Fit:
    place, steps = coordinates(below, number, 0.0, solver), settings.fit_steps
    return lambda target, w: fit_w(target, w, place, steps, solver)
