"""A semi-NMF epoch against the floor of its products and eigenvalues at peak.

    python benchmarks/training_epoch.py

An epoch of 60,000 samples is twelve sweeps. Its floor: the operations of all products
(`products` lists every shape that the algorithm needs) at the peak that this machine
is measured to have, and LAPACK's eigenvalues of every matrix that a sweep factorises.
Both as the papers have it, by eigenvalues, and as the method does it, by Cholesky's
factorisation, where that stands in the floor. Told besides: the floor where products
are as fast as a large square one, and where each is as fast as it is on its own, on
operands that lie ready.

Sweep and floor take turns in one process on one thread; times are those of the
processor, so that what else the machine does is left out. A ratio is the median over
the rounds. Exits 1 where an epoch by eigenvalues, or in mixed precision, which is the
default, needs more than its floor / 0.7.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from time import thread_time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from tenbin.kernels.training.nets import hidden_sizes
from tenbin.kernels.training.semi_nmf.basis import MakeBasis
from tenbin.kernels.training.semi_nmf.cholesky import cholesky
from tenbin.kernels.training.semi_nmf.eigen import eigen
from tenbin.kernels.training.semi_nmf.network import Network
from tenbin.kernels.training.semi_nmf.precision import PRECISIONS, Precision
from tenbin.kernels.training.semi_nmf.settings import Settings
from tenbin.kernels.training.semi_nmf.solver import Solver
from tenbin.kernels.training.semi_nmf.sweep import sweep
from tenbin.peak import Peaks, measure_peaks

BAR = 0.70
CLASSES, DATA_RANK, SAMPLES = 10, 91, 60_000  # of MNIST

FORMS: dict[str, tuple[MakeBasis, Callable[[Any], object]]] = {
    "eigen": (eigen, np.linalg.eigh),
    "cholesky": (cholesky, cholesky),
}
LARGE = (1500, 1500, 1500)

Product = tuple[int, int, int, int, str]  # how often, m, n, k, dtype


def products(
    units: tuple[int, ...], q: int, steps: int, precision: Precision
) -> Iterator[Product]:
    """Yield the products of a sweep on q samples; a symmetric one has n = 0."""
    bulk, wide = precision.bulk, precision.factor
    first, last = units[0], units[-1] + 1
    yield 1 + steps, q, first, DATA_RANK, bulk  # forward; K1's residuals
    yield steps, first, DATA_RANK, q, bulk  # K1's R^T V
    yield 2, q, CLASSES, last, bulk  # outputs; K3's Z W^T
    yield 1, last, 0, q, wide  # K3's Gram matrix
    yield 1, CLASSES, last, q, wide
    yield 1, q, last - 1, last, bulk  # K3's rule
    yield 2, q, last - 1, CLASSES, bulk
    for below, p in pairwise(units):
        r = below + 1
        yield 1 + steps, q, p, r, bulk  # forward; K1's residuals
        yield steps, p, r, q, bulk  # K1's R^T V
        yield steps, p, r, r, bulk  # K1's ridge
        yield 1, r, 0, q, wide  # K1's Gram matrix
        yield 1, r, 0, r, wide  # and the ridge's
        yield 1, q, r, r, wide  # V
        yield 2, p, r, r, wide  # into its coordinates, and back
        yield 1, p, 0, below, wide  # K2
        yield 2, q, p, below, bulk
        yield 1, q, p, p, bulk


def factors(units: tuple[int, ...]) -> list[int]:
    """Return the sizes of the matrices that a sweep factorises."""
    inner = [size for p in units[1:] for size in (p, p)]
    return [*inner, *(size + 1 for size in units)]


def alone(m: int, n: int, k: int, dtype: str) -> Callable[[], object]:
    """Return one product, on operands that lie ready."""
    rng = np.random.default_rng(1)
    a = rng.standard_normal((m, k)).astype(dtype)
    b = a if n == 0 else rng.standard_normal((n, k)).astype(dtype)
    out = np.empty((m, n or m), dtype)
    return lambda: np.matmul(a, b.T, out=out)


def factorise(
    size: int, dtype: str, by: Callable[[Any], object]
) -> Callable[[], object]:
    """Return one factorisation."""
    some = np.random.default_rng(1).standard_normal((size, 2 * size)).astype(dtype)
    gram = some @ some.T
    return lambda: by(gram)


def flops(product: Product) -> float:
    """Return the operations of a product, half of them for a symmetric one."""
    often, m, n, k, _ = product
    return float(often * m * k * (2 * n or m))


def whole(units: tuple[int, ...], q: int, solver: Solver) -> Callable[[], object]:
    """Return one sweep over random samples."""
    rng = np.random.default_rng(1)
    bulk, wide = solver.precision.bulk, solver.precision.factor
    v = (rng.normal(size=(q, DATA_RANK)) / np.sqrt(SAMPLES)).astype(bulk)
    y = np.eye(CLASSES, dtype=bulk)[rng.integers(0, CLASSES, q)]
    weights: list[Any] = [rng.normal(size=(units[0], DATA_RANK)) * 1e3]
    for below, p in zip(units, (*units[1:], CLASSES), strict=True):
        weights.append(rng.normal(size=(p, below + 1)) / np.sqrt(below))
    start = [w.astype(wide) for w in weights]
    shrink = np.full(DATA_RANK, 1e-10)
    settings = Settings()
    return lambda: sweep(Network([*start], 1), v, y, shrink, settings, solver)


def time_s(call: Callable[[], object]) -> float:
    began = thread_time()
    call()
    return thread_time() - began


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--net", default="1000-500")
    parser.add_argument("--batch", type=int, default=5000)
    parser.add_argument("--precisions", default="mixed,float64")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args(arguments)
    with threadpool_limits(limits=1, user_api="blas"):
        peaks = measure_peaks(threads=1)
        ratios = {
            (form, name): compare(asked, name, form, peaks)
            for name in asked.precisions.split(",")
            for form in FORMS
        }
    judged = [r for (by, name), r in ratios.items() if by == "eigen" or name == "mixed"]
    return int(min(judged) < BAR)


def compare(asked: argparse.Namespace, name: str, form: str, peaks: Peaks) -> float:
    """Print and return the share of the floor in the time of an epoch."""
    basis, by = FORMS[form]
    units, precision = hidden_sizes(asked.net), PRECISIONS[name]
    listed = list(products(units, asked.batch, Settings().w_steps, precision))
    parts = [(often, alone(m, n, k, dtype)) for often, m, n, k, dtype in listed]
    made = [factorise(size, precision.factor, by) for size in factors(units)]
    run = whole(units, asked.batch, Solver(basis, precision))
    for call in (run, *made, *(part for _, part in parts)):
        call()
    large = {dtype: alone(*LARGE, dtype) for dtype in ("float32", "float64")}
    rows = []
    for _ in range(asked.rounds):
        inverses_s = sum(map(time_s, made))
        slow = {d: time_s(call) / flops((1, *LARGE, d)) for d, call in large.items()}
        floors = (
            sum(flops(p) / peaks.flop_per_s(p[-1], 1) for p in listed),
            sum(flops(p) * slow[p[-1]] for p in listed),
            sum(often * time_s(part) for often, part in parts),
        )
        spent_s = time_s(run)
        rows.append([spent_s, *((inverses_s + floor) / spent_s for floor in floors)])
    spent_s, share, square, shapes = np.median(rows, axis=0).tolist()
    print(
        f"{name:8} {form:9} epoch {SAMPLES / asked.batch * spent_s:.1f} s, "
        f"{'within' if share >= BAR else 'BEYOND'} {BAR:.0%}: {share:.0%} at peak, "
        f"{square:.0%} at the rate of a large product, {shapes:.0%} at that of each",
        flush=True,
    )
    return float(share)


if __name__ == "__main__":
    sys.exit(main())
