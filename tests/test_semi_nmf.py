"""The kernels of semi-NMF against the papers' formulas, and what must hold for them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenbin.kernels.training.semi_nmf import reference
from tenbin.kernels.training.semi_nmf.arena import Arena
from tenbin.kernels.training.semi_nmf.basis import Basis
from tenbin.kernels.training.semi_nmf.cholesky import cholesky, triangular_inverse
from tenbin.kernels.training.semi_nmf.data_factor import data_factor, widen
from tenbin.kernels.training.semi_nmf.eigen import eigen
from tenbin.kernels.training.semi_nmf.hidden import coordinates, fit_w
from tenbin.kernels.training.semi_nmf.lsq_w import lsq_w
from tenbin.kernels.training.semi_nmf.lsq_z import lsq_z
from tenbin.kernels.training.semi_nmf.memory import Memory
from tenbin.kernels.training.semi_nmf.nmf import nmf_step, random_codes
from tenbin.kernels.training.semi_nmf.output import output_z
from tenbin.kernels.training.semi_nmf.packing import pack, packed_size, unpack
from tenbin.kernels.training.semi_nmf.precision import PRECISIONS
from tenbin.kernels.training.semi_nmf.solver import BASES, Solver
from tenbin.kernels.training.semi_nmf.sums import Sums
from tenbin.kernels.training.semi_nmf.sweep import last_layer_w

Array = NDArray[Any]

sizes = st.integers(1, 12)
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=40, deadline=None)


def samples(seed: int, q: int, units: int, ones: int = 1) -> Array:
    """Return outputs of a ReLU layer (q, units + ones): half of them zero."""
    normal = np.random.default_rng(seed).normal(size=(q, units))
    return np.hstack([np.maximum(normal, 0.0), np.ones((q, ones))])


def identity(u: Array) -> None:
    pass


@quick
@given(seeds, st.integers(1, 30))
def test_packing_keeps_a_symmetric_matrix(seed: int, n: int) -> None:
    matrix = np.random.default_rng(seed).normal(size=(n, n))
    matrix += matrix.T
    packed, back = np.empty(packed_size(n)), np.empty((n, n))

    pack(matrix, packed)
    unpack(packed, back)

    np.testing.assert_array_equal(back, matrix)


@quick
@given(seeds, st.integers(1, 200))
def test_the_inverse_of_a_triangle_is_one(seed: int, n: int) -> None:
    lower = np.tril(np.random.default_rng(seed).uniform(-1, 1, (n, n))) / n
    lower += np.eye(n)

    inverse = triangular_inverse(lower)

    np.testing.assert_allclose(inverse @ lower, np.eye(n), atol=1e-9)
    np.testing.assert_array_equal(inverse, np.tril(inverse))


@pytest.mark.parametrize("name", BASES)
@pytest.mark.parametrize("alpha", [0.0, 1e-3, 10.0])
def test_a_basis_is_orthonormal_up_to_the_ridge(name: str, alpha: float) -> None:
    z = samples(1, 60, 12)

    basis = BASES[name](z.T @ z, alpha)

    v = z @ basis.decode.T
    shrunk = _square(basis, alpha)
    np.testing.assert_allclose(v.T @ v + shrunk, np.eye(13), atol=1e-9)
    np.testing.assert_allclose(basis.encode @ basis.decode, np.eye(13), atol=1e-9)
    ridged = z.T @ z + alpha * np.eye(13)
    np.testing.assert_allclose(basis.inverse @ ridged, np.eye(13), atol=1e-9)


def _square(basis: Basis, alpha: float) -> Array:
    if basis.shrink is None:
        return np.zeros_like(basis.decode)
    return basis.shrink if basis.shrink.ndim == 2 else np.diag(basis.shrink)


@pytest.mark.parametrize("make", [cholesky, eigen])
def test_a_gram_matrix_without_full_rank_has_a_basis(make: Any) -> None:
    z = samples(2, 40, 6)
    z = np.hstack([z, z[:, :2], np.zeros((40, 1))])  # two copies and a dead unit

    basis = make(z.T @ z)

    b = np.random.default_rng(0).normal(size=(40, 3))
    w = (basis.inverse @ (z.T @ b)).T
    best = np.linalg.lstsq(z, b, rcond=None)[0]
    np.testing.assert_allclose(z @ w.T, z @ best, atol=1e-3)


@pytest.mark.parametrize("make", [cholesky, eigen])
def test_a_gram_matrix_that_is_not_finite_is_refused(make: Any) -> None:
    with pytest.raises(np.linalg.LinAlgError):
        make(np.full((3, 3), np.nan), 1e-3)


@quick
@given(
    seeds,
    sizes,
    sizes,
    st.sampled_from([0.0, 1e-3, 1.0]),
    st.sampled_from(["cholesky", "eigen"]),
)
def test_one_linear_step_is_ridge_regression(
    seed: int, units: int, p: int, alpha: float, name: str
) -> None:
    z = samples(seed, 50, units)
    rng = np.random.default_rng(seed)
    b, w = rng.normal(size=(50, p)), rng.normal(size=(p, units + 1))
    solver = Solver(BASES[name])

    place = coordinates(z, 1, alpha, solver)
    c = w @ place.basis.encode
    lsq_w(b, c, place.v, place.basis.shrink, 1, solver.sums, solver.arena, f=identity)

    ridge = np.linalg.pinv(z.T @ z + alpha * np.eye(units + 1), 1e-12, True) @ z.T @ b
    np.testing.assert_allclose(z @ (c @ place.basis.decode).T, z @ ridge, atol=1e-6)


@quick
@given(seeds, sizes, sizes, st.integers(1, 12), st.sampled_from([0.0, 1e-3, 1.0]))
def test_k1_follows_the_svd_form(
    seed: int, units: int, p: int, steps: int, alpha: float
) -> None:
    z = samples(seed, 50, units)
    rng = np.random.default_rng(seed)
    b, w = samples(seed + 1, 50, p, 0), rng.normal(size=(p, units + 1))
    expected = reference.lsq_w(b.T, w, z.T, reference.tsvd(z.T), alpha, steps)

    for name in BASES:
        solver = Solver(BASES[name])
        found = fit_w(b, w, coordinates(z, 1, alpha, solver), steps, solver)

        np.testing.assert_allclose(z @ found.T, z @ expected.T, atol=1e-6)


def test_k1_finds_an_all_positive_solution() -> None:
    rng = np.random.default_rng(3)
    z = samples(3, 80, 10)
    b = z @ rng.uniform(0.1, 1.0, (5, 11)).T  # so that f does nothing near it
    solver = Solver()

    w = fit_w(b, np.zeros((5, 11)), coordinates(z, 1, 0.0, solver), 1, solver)

    np.testing.assert_allclose(np.maximum(z @ w.T, 0.0), b, rtol=1e-9)


@quick
@given(
    *(seeds, sizes, sizes, st.integers(0, 1), st.integers(1, 3)),
    *(st.sampled_from([0.0, 1e-5, 0.1]), st.sampled_from(["cholesky", "eigen"])),
)
def test_k2_follows_the_svd_form(
    seed: int, units: int, p: int, ones: int, steps: int, beta: float, name: str
) -> None:
    rng = np.random.default_rng(seed)
    z, b = samples(seed, 30, units, 0), samples(seed + 1, 30, p, 0)
    w = rng.normal(size=(p, units + ones))
    if np.linalg.cond(w[:, :units]) > 1e4:  # a rank decision: another method's business
        return
    expected = reference.lsq_z(b.T, w, z.T.copy(), beta, steps).T

    lsq_z(b, w, z, beta, steps, BASES[name], Arena())

    np.testing.assert_allclose(z, expected, atol=1e-5)
    assert (z >= 0.0).all()


@quick
@given(seeds, sizes, sizes, st.integers(0, 1), st.sampled_from([0.0, 1e-5, 0.1]))
def test_k3_follows_the_papers_rule(
    seed: int, units: int, p: int, ones: int, beta: float
) -> None:
    rng = np.random.default_rng(seed)
    z, y = samples(seed, 30, units, ones), rng.normal(size=(30, p))
    w = rng.normal(size=(p, units + ones))
    expected = reference.output_z(y.T, w, z[:, :units].T, beta).T

    output_z(y, w, z, units, beta, Arena())

    np.testing.assert_allclose(z[:, :units], expected, atol=1e-6, rtol=1e-6)
    np.testing.assert_array_equal(z[:, units:], 1.0)


@quick
@given(seeds, sizes, sizes, st.sampled_from([0.0, 1e-2]))
def test_k3_never_increases_the_objective(
    seed: int, units: int, p: int, beta: float
) -> None:
    rng = np.random.default_rng(seed)
    z, y = samples(seed, 30, units) + 1e-3, rng.normal(size=(30, p))
    z[:, units:] = 1.0
    solver = Solver()

    def objective() -> float:
        return float(np.sum((y - z @ w.T) ** 2))

    w = last_layer_w(z, y, None, 2, 0.0, solver)
    for _ in range(5):
        before = objective()
        output_z(y, w, z, units, beta, solver.arena)
        assert objective() <= before * (1 + 1e-9) + 1e-12
        assert (z >= 0.0).all()


def test_the_output_layer_is_ridge_regression() -> None:
    z, y = samples(5, 70, 9), np.eye(10)[np.arange(70) % 10]

    w = last_layer_w(z, y, None, 2, 0.3, Solver())

    expected = reference.output_w(y.T, np.ones((10, 10)), z.T, 0.3)
    np.testing.assert_allclose(w, expected, atol=1e-9)


def test_a_memory_holds_weights_by_what_earlier_batches_determined() -> None:
    """The proximal problem: past samples hold W where it was, forgotten by half."""
    rng = np.random.default_rng(8)
    past, z = samples(8, 60, 9), samples(9, 12, 9)
    b, y = z @ rng.uniform(0.1, 1.0, (5, 10)).T, rng.normal(size=(12, 5))
    w = rng.uniform(0.1, 1.0, (5, 10))
    half = Memory(batch=12, window=2.4)  # 24 samples wanted, 12 there
    old, alpha = 0.5 * past.T @ past, 0.1

    def expected(target: Array) -> Array:
        whole = z.T @ z + old + alpha * np.eye(10)
        return np.linalg.solve(whole, z.T @ target + old @ w.T).T

    for name, basis in BASES.items():
        half.grams = {1: past.T @ past, 2: past.T @ past}
        solver = Solver(basis, memory=half)
        found = fit_w(b, w, coordinates(z, 1, alpha, solver), 200, solver)
        last = last_layer_w(z, y, w, 2, alpha, solver)

        np.testing.assert_allclose(found, expected(b), atol=1e-6, err_msg=name)
        np.testing.assert_allclose(last, expected(y), atol=1e-9, err_msg=name)


@pytest.mark.parametrize(("batch", "window"), [(20, 2.0), (30, 2.0), (5, 0.0)])
def test_a_batch_that_is_large_enough_remembers_nothing(
    batch: int, window: float
) -> None:
    memory, whole = Memory(batch, window), np.eye(10)

    for _ in range(2):
        assert memory.add(1, whole) is None

    np.testing.assert_array_equal(whole, np.eye(10))
    assert not memory.grams


def test_the_data_factor_keeps_what_is_above_the_cut() -> None:
    rng = np.random.default_rng(4)
    pixels = rng.integers(0, 256, (300, 20)).astype(np.uint8)
    wide = widen(pixels, 1)
    u, s, v = reference.tsvd(wide.T, 0.1)

    data = data_factor(pixels, 0.1, 0.0, True, Sums())

    found = data.coordinates(pixels, "float64")
    assert found.shape == (300, len(s))
    assert len(s) < 21
    np.testing.assert_allclose(np.abs(found[:, ::-1]), np.abs(v), atol=1e-10)
    np.testing.assert_allclose(found @ data.basis.encode.T, (u @ u.T @ wide.T).T)


def test_nmf_comes_closer_and_stays_positive() -> None:
    a = np.random.default_rng(6).uniform(0, 255, (100, 30))
    codes = random_codes(a, 8, 1, range(100), 100, np.random.default_rng(0))
    solver = Solver()
    errors = []

    for _ in range(20):
        nmf_step(a, codes, solver)
        errors.append(float(np.linalg.norm(a - codes.both @ codes.u.T)))

    assert (np.diff(errors) <= 1e-12 * errors[0]).all()
    assert (codes.v >= 0).all()
    assert (codes.u >= 0).all()


def test_float32_products_in_orthonormal_coordinates_keep_the_fit() -> None:
    """Singular values down to 1e-5 of the largest: a float32 Gram matrix loses them."""
    rng = np.random.default_rng(7)
    left, _ = np.linalg.qr(rng.normal(size=(400, 40)))
    right, _ = np.linalg.qr(rng.normal(size=(40, 40)))
    z = (left * np.logspace(0, -5, 40)) @ right.T
    b = np.maximum(z @ rng.normal(size=(40, 6)) * 1e3, 0.0)

    def left_over(name: str, basis: str) -> float:
        solver = Solver(BASES[basis], PRECISIONS[name])
        bulk, wide = solver.precision.bulk, solver.precision.factor
        place = coordinates(z.astype(bulk), 1, 0.0, solver)
        w = fit_w(b.astype(bulk), np.zeros((6, 40), wide), place, 30, solver)
        fit = np.maximum(z @ w.astype(np.float64).T, 0.0)
        return float(np.linalg.norm(b - fit) / np.linalg.norm(b))

    best = left_over("float64", "eigen")
    assert left_over("mixed", "eigen") < 1.05 * best
    assert left_over("mixed", "cholesky") < 1.05 * best
    assert left_over("float32", "eigen") > 2 * best
