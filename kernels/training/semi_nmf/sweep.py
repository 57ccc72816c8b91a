"""One sweep over a mini-batch, from the output to the input.

    V --W_1--> Z_1 --W_2--> Z_2 --W_3--> Y           forward
                  <--K2----     <--K3----            what Z should have been
         K1          K1            K3                and W to get there

Allreduces for d layers: a Gram matrix for each of d - 1, the output's together with
Y^T Z, and t_W for each of d - 1: 2 + 2 t_W for three layers. (Y^T Z on its own would
make them 3 + 2 t_W.) All kernels but the factorisations are products with every sample.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf.gram import gram
from tenbin.kernels.training.semi_nmf.hidden import coordinates, fit_w, widened
from tenbin.kernels.training.semi_nmf.lsq_w import lsq_w
from tenbin.kernels.training.semi_nmf.lsq_z import lsq_z
from tenbin.kernels.training.semi_nmf.network import Network, forward
from tenbin.kernels.training.semi_nmf.output import output_w, output_z
from tenbin.kernels.training.semi_nmf.settings import Settings
from tenbin.kernels.training.semi_nmf.solver import Solver

Array = NDArray[Any]


def sweep(
    network: Network,
    v: Array,
    y: Array,
    shrink: Array | None,
    settings: Settings,
    solver: Solver,
) -> Array:
    """Improve the weights on a mini-batch; return the outputs (q, classes) of before.

    V (q, k) and Y (q, classes) are this rank's samples; `shrink` is that of the basis
    of the data.
    """
    outputs = forward(network, v, solver.arena)
    units = network.hidden
    before = _last_layer(network, outputs[-1], y, settings, solver)
    for i in range(len(units) - 1, 0, -1):
        target = outputs[i][:, : units[i]]
        place = coordinates(outputs[i - 1], i, settings.alpha, solver)
        w = fit_w(target, network.weights[i], place, settings.w_steps, solver)
        network.weights[i] = w
        below = outputs[i - 1][:, : units[i - 1]]
        lsq_z(
            *(target, w, below, settings.beta, settings.z_steps),
            *(solver.basis, solver.arena),
        )
    target = outputs[0][:, : units[0]]
    network.weights[0] = first_layer(
        target, network.weights[0], v, shrink, settings.w_steps, solver
    )
    return before


def first_layer(
    b: Array, c: Array, v: Array, shrink: Array | None, steps: int, solver: Solver
) -> Array:
    """Return C (p, k) after `steps` of K1 towards B (q, p)."""
    bulk = solver.precision.bulk
    moving = c.astype(bulk)
    kept = None if shrink is None else shrink.astype(bulk)
    lsq_w(b, moving, v, kept, steps, solver.sums, solver.arena, solver.share)
    return np.asarray(moving.astype(c.dtype, copy=False))


def last_layer_w(
    z: Array, y: Array, w: Array | None, layer: int, alpha: float, solver: Solver
) -> Array:
    """Return the ridge regression of Y on all samples [Z 1], W being what was.

    One allreduce.
    """
    wide = widened(z, solver.precision.factor, solver.arena)
    targets = y.astype(wide.dtype, copy=False)
    whole, product = gram(f"G {z.shape[1]}", wide, solver.sums, targets)
    past = solver.memory.add(layer, whole)
    if past is not None and w is not None:
        product += w @ past
    return output_w(product, solver.basis(whole, alpha).inverse)


def _last_layer(
    network: Network, z: Array, y: Array, settings: Settings, solver: Solver
) -> Array:
    """K3: new W_d, and Z_{d-1} in place; return the outputs with the old W_d."""
    w = network.weights[-1]
    before = np.asarray(z @ w.astype(z.dtype, copy=False).T)
    w = last_layer_w(z, y, w, len(network.hidden), settings.alpha, solver)
    output_z(y, w, z, network.hidden[-1], settings.beta, solver.arena)
    network.weights[-1] = w
    return before
