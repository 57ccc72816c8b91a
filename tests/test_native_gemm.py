"""The native products on every ISA of this CPU: right, and within their arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenbin.check import bound, within
from tenbin.dtypes import narrow, storage, widen
from tenbin.kernels.native import load

Array = NDArray[Any]
NATIVE = load()
ROWS = [row for row in NATIVE.rows() if row[0].startswith("gemm")]
SUMMED = [row for row in ROWS if row[0] != "gemm_fp16acc"]
TRANSPOSES = ("nn", "tn", "nt", "tt")
CANARY = 7.0
sizes = st.integers(1, 33)
transposes = st.sampled_from(TRANSPOSES)
seeds = st.integers(0, 2**32)


def normal(random: np.random.Generator, shape: tuple[int, int], dtype: str) -> Array:
    return random.standard_normal(shape)


def positive(random: np.random.Generator, shape: tuple[int, int], dtype: str) -> Array:
    return np.abs(random.standard_normal(shape)) + 2.0**-6


def cancelling(
    random: np.random.Generator, shape: tuple[int, int], dtype: str
) -> Array:
    """Return pairs of opposite neighbours along both axes, a little apart."""
    signs = (-1.0) ** np.add.outer(np.arange(shape[0]), np.arange(shape[1]))
    return signs * (1.0 + 2.0**-7 * random.standard_normal(shape))


def subnormal(random: np.random.Generator, shape: tuple[int, int], dtype: str) -> Array:
    """Return numbers whose products lie among the subnormal ones of the dtype."""
    exponent = {"float16": -11, "bfloat16": -65, "float32": -71}[dtype]
    return random.standard_normal(shape) * 2.0**exponent


MODES: tuple[Callable[..., Array], ...] = (normal, positive, cancelling, subnormal)


def stored(values: Array, dtype: str, transposed: bool) -> Array:
    """Return the values in a dtype, as a view of their transpose where asked."""
    held = narrow(values.astype(np.float32), dtype)
    return np.ascontiguousarray(held.T).T if transposed else held


def guarded(m: int, n: int, dtype: str) -> tuple[Array, Array]:
    """Return an array with a border of canaries, and its inner part."""
    whole = np.full((m + 2, n + 2), narrow(np.full(1, CANARY), dtype)[0])
    return whole, whole[1:-1, 1:-1]


def multiply(row: tuple[str, str, str], a: Array, b: Array, threads: int = 1) -> Array:
    """Return the product in float64; no canary around it has died."""
    operation, dtype, isa = row
    whole, out = guarded(a.shape[0], b.shape[1], dtype)
    NATIVE.gemm(operation, dtype, a, b, out, threads, isa)
    product = widen(out, dtype, "float64").copy()
    out[...] = narrow(np.full(1, CANARY), dtype)[0]
    assert (widen(whole, dtype, "float64") == CANARY).all()
    return product


def exact(a: Array, b: Array, dtype: str) -> tuple[Array, Array]:
    """Return the product in float64, and the sums of the sizes of what it adds."""
    wide_a, wide_b = widen(a, dtype, "float64"), widen(b, dtype, "float64")
    return wide_a @ wide_b, abs(wide_a) @ abs(wide_b)


def assert_right(row: tuple[str, str, str], a: Array, b: Array, threads: int) -> None:
    operation, dtype, _ = row
    expected, magnitude = exact(a, b, dtype)
    c, k = (16.0 if operation == "gemm_dot" else 8.0), a.shape[1]
    allowed = bound(expected, magnitude, dtype, "float32", c)
    # What underflows in float32: half of its smallest; dot products flush to zero.
    allowed += k * 2.0 ** (-125 if operation == "gemm_dot" else -150)
    verdict = within(multiply(row, a, b, threads), expected, allowed, "test")
    assert verdict.ok, verdict


@pytest.mark.parametrize("row", SUMMED, ids="-".join)
@given(
    m=sizes,
    n=sizes,
    k=sizes,
    transpose=transposes,
    mode=st.sampled_from(MODES),
    threads=st.integers(1, 3),
    seed=seeds,
)
@settings(deadline=None, max_examples=40)
def test_every_element_keeps_its_bound(
    row: tuple[str, str, str],
    m: int,
    n: int,
    k: int,
    transpose: str,
    mode: Callable[..., Array],
    threads: int,
    seed: int,
) -> None:
    random = np.random.default_rng(seed)
    a = stored(mode(random, (m, k), row[1]), row[1], transpose[0] == "t")
    b = stored(mode(random, (k, n), row[1]), row[1], transpose[1] == "t")

    assert_right(row, a, b, threads)


@pytest.mark.parametrize("row", SUMMED, ids="-".join)
@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize(
    "shape",
    [
        (150, 70, 1100),
        (5, 140, 600),
        (140, 5, 4200),
        (300, 1, 70),
        (1, 300, 520),
        (150, 16, 4130),
        (90, 45, 4130),
        (33, 100, 70),
    ],
    ids=str,
)
def test_blocks_fit_together(
    row: tuple[str, str, str], transpose: str, shape: tuple[int, int, int]
) -> None:
    m, n, k = shape
    random = np.random.default_rng(m)
    a = stored(normal(random, (m, k), row[1]), row[1], transpose[0] == "t")
    b = stored(normal(random, (k, n), row[1]), row[1], transpose[1] == "t")

    assert_right(row, a, b, threads=2)


@pytest.mark.parametrize("row", ROWS, ids="-".join)
@given(m=sizes, n=sizes, k=sizes, transpose=transposes, seed=seeds)
@settings(deadline=None, max_examples=20)
def test_small_integers_are_exact(
    row: tuple[str, str, str], m: int, n: int, k: int, transpose: str, seed: int
) -> None:
    random = np.random.default_rng(seed)
    a = stored(random.integers(-2, 3, (m, k)), row[1], transpose[0] == "t")
    b = stored(random.integers(-2, 3, (k, n)), row[1], transpose[1] == "t")

    np.testing.assert_array_equal(multiply(row, a, b), exact(a, b, row[1])[0])


@pytest.mark.parametrize("row", [row for row in ROWS if row[1] == "float16"], ids=str)
@pytest.mark.parametrize("size", [(70, 16, 70), (40, 50, 60), (20, 1, 33)], ids=str)
@pytest.mark.parametrize("transpose", ["nn", "tt"])
def test_subnormal_halves_count(
    row: tuple[str, str, str], size: tuple[int, int, int], transpose: str
) -> None:
    m, n, k = size
    random = np.random.default_rng(6)
    tiny = random.integers(-2, 3, (m, k)) * 2.0**-24
    a = stored(tiny, row[1], transpose[0] == "t")
    b = stored(random.integers(-2, 3, (k, n)) * 2.0**14, row[1], transpose[1] == "t")

    np.testing.assert_array_equal(multiply(row, a, b), exact(a, b, row[1])[0])


@pytest.mark.parametrize("row", ROWS, ids="-".join)
@pytest.mark.parametrize(
    "size", [(9, 8, 7), (40, 50, 60), (3, 70, 33), (70, 9, 64)], ids=str
)
def test_infinities_and_nan_spread_as_they_must(
    row: tuple[str, str, str], size: tuple[int, int, int]
) -> None:
    m, n, k = size
    random = np.random.default_rng(5)
    values = normal(random, (m, k), row[1]), normal(random, (k, n), row[1])
    values[0][1, 2], values[1][3, 4], values[1][4, 5] = np.inf, np.nan, -np.inf
    a, b = (stored(value, row[1], False) for value in values)
    with np.errstate(invalid="ignore"):
        expected, _ = exact(a, b, row[1])

    product = multiply(row, a, b)

    np.testing.assert_array_equal(np.isnan(product), np.isnan(expected))
    infinite = np.isinf(expected)
    np.testing.assert_array_equal(product[infinite], expected[infinite])
    assert np.isfinite(product[np.isfinite(expected)]).all()


@pytest.mark.parametrize("row", [row for row in ROWS if row[1] == "float16"], ids=str)
def test_too_large_becomes_infinite(row: tuple[str, str, str]) -> None:
    a = np.full((20, 4), 256.0, np.float16)
    b = np.full((4, 20), -63.0, np.float16)
    b[:, 1] = -64.0

    product = multiply(row, a, b)

    assert (product[:, 1] == -np.inf).all()
    assert (np.delete(product, 1, axis=1) == -64512.0).all()


@pytest.mark.parametrize("row", SUMMED, ids="-".join)
def test_few_rows_and_a_long_sum_are_split(row: tuple[str, str, str]) -> None:
    random = np.random.default_rng(8)
    a = stored(normal(random, (12, 40000), row[1]), row[1], False)
    b = stored(normal(random, (40000, 20), row[1]), row[1], False)
    out = np.empty((12, 20), storage(row[1]))

    assert NATIVE.gemm_plan(row[0], row[1], a, b, out, 4, row[2])["splits"] > 1
    assert_right(row, a, b, threads=4)


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_repeats_bit_by_bit(row: tuple[str, str, str]) -> None:
    random = np.random.default_rng(9)
    a = stored(normal(random, (130, 600), row[1]), row[1], True)
    b = stored(normal(random, (600, 40), row[1]), row[1], False)

    first = multiply(row, a, b, threads=3)

    for _ in range(3):
        np.testing.assert_array_equal(multiply(row, a, b, threads=3), first)


@given(m=sizes, n=sizes, k=sizes, exponent=st.floats(-14, 4), seed=seeds)
@settings(deadline=None, max_examples=40)
def test_float16_sums_are_rounded_at_every_step(
    m: int, n: int, k: int, exponent: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    a = stored(normal(random, (m, k), "float16") * 2.0**exponent, "float16", False)
    b = stored(normal(random, (k, n), "float16"), "float16", True)
    expected = np.zeros((m, n), np.float16)
    for p in range(k):  # float64 holds the sum of a product and a float16
        step = np.multiply.outer(a[:, p].astype(float), b[p].astype(float))
        expected = (step + expected).astype(np.float16)

    for row in ROWS:
        if row[0] == "gemm_fp16acc":
            np.testing.assert_array_equal(multiply(row, a, b), expected)


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_says_what_will_run(row: tuple[str, str, str]) -> None:
    operation, dtype, isa = row
    a, b, out = (np.zeros((64, 64), storage(dtype)) for _ in range(3))

    told = NATIVE.gemm_plan(operation, dtype, a, b, out, 3, isa)

    assert told["isa"] == isa
    assert told["kernel"]
    assert (told["threads"], told["mirrored"]) == (3, False)


@pytest.mark.parametrize(
    ("shapes", "dtype", "message"),
    [
        (((2, 3), (4, 5), (2, 5)), "float16", "out (m, n) = a (m, k) b (k, n)"),
        (((2, 3), (3, 5), (5, 2)), "float16", "out (m, n) = a (m, k) b (k, n)"),
        (((2, 0), (0, 5), (2, 5)), "float16", "must not be empty"),
        (((2, 3), (3, 5), (2, 5)), "float32", "the elements of its dtype"),
        (((2, 3), (3, 5), (2, 5)), "int8", "no native gemm of int8"),
    ],
)
def test_refuses_what_does_not_fit(
    shapes: tuple[tuple[int, int], ...], dtype: str, message: str
) -> None:
    a, b, out = (np.zeros(shape, np.float16) for shape in shapes)

    with pytest.raises(ValueError) as refused:
        NATIVE.gemm("gemm", dtype, a, b, out)

    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("a", "message"),
    [
        (np.zeros((8, 8), np.float16)[::2, ::2], "rows or columns must be contiguous"),
        (np.zeros((4, 4), np.float16)[::-1], "strides must be positive"),
        (np.zeros((4, 4, 1), np.float16), "two axes"),
    ],
)
def test_refuses_strides_it_cannot_follow(a: Array, message: str) -> None:
    b, out = np.zeros((4, 4), np.float16), np.zeros((4, 4), np.float16)

    with pytest.raises(ValueError, match=message):
        NATIVE.gemm("gemm", "float16", a, b, out)


def test_refuses_results_on_top_of_each_other() -> None:
    square = np.ones((4, 4), np.float16)
    out = np.lib.stride_tricks.as_strided(square, (4, 4), (2, 2))

    with pytest.raises(ValueError, match="share a place"):
        NATIVE.gemm("gemm", "float16", square, square, out)


def test_refuses_what_is_no_product() -> None:
    square = np.ones((4, 4), np.float16)

    with pytest.raises(ValueError, match="not the name of a product"):
        NATIVE.gemm("add", "float16", square, square, square)
