"""The native convolutions against float64, on every ISA this CPU has."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.native_convolutions import (
    FORWARD,
    ROWS,
    UNIT,
    Shape,
    excess,
    fitting,
    forward,
    narrow,
    native,
    normals,
    run,
    shapes,
    sides,
    widen,
)

FORWARD_ROWS = [row for row in ROWS if row[0] in FORWARD]
HALF_ROWS = [row for row in ROWS if row[1] == "float16" and row[0] in FORWARD]

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the oracle


@pytest.mark.parametrize("row", ROWS, ids="-".join)
@given(shape=shapes(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_stays_within_the_bound(
    row: tuple[str, str, str], shape: Shape, seed: int
) -> None:
    a = fitting(row, shape)
    oracle, left, right = sides(row, a)
    scale = (a.r * a.s * a.c // a.groups) ** -0.5
    x, other = normals(seed, left, row[1]), normals(seed + 1, right, row[1], scale)

    found = run(row, a, x, other)

    assert excess(row, found, lambda *both: oracle(a, *both), x, other) <= 1


@pytest.mark.parametrize("row", ROWS, ids="-".join)
@given(shape=shapes(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_integers_are_exact(row: tuple[str, str, str], shape: Shape, seed: int) -> None:
    a = fitting(row, shape)
    oracle, left, right = sides(row, a)
    draw = np.random.default_rng(seed).integers
    x, other = draw(-4, 5, left), draw(-4, 5, right)

    found = run(row, a, narrow(x, row[1]), narrow(other, row[1]))

    wanted = narrow(oracle(a, x.astype(float), other.astype(float)), row[1])
    assert np.array_equal(widen(found, row[1]), widen(wanted, row[1]))


SAMPLES = [
    Shape(n=2, c=33, h=9, w=31, k=37, r=3, s=3, pad_h=1, pad_w=1),
    Shape(n=1, c=3, h=16, w=40, k=12, r=5, s=5, pad_h=2, pad_w=2),
    Shape(n=2, c=48, h=7, w=7, k=64),
]


def sample(row: tuple[str, str, str]) -> Shape:
    """Return a shape of some size that the algorithm fits."""
    for a in SAMPLES:
        if native.conv_fits(row[0], row[1], a, row[2]):
            return a
    raise AssertionError("no sample fits")


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_repeats_bit_by_bit_whatever_the_threads(row: tuple[str, str, str]) -> None:
    a = sample(row)
    _, left, right = sides(row, a)
    x, other = normals(1, left, row[1]), normals(2, right, row[1])

    first = run(row, a, x, other)

    for threads in (1, 2, 3):
        assert np.array_equal(run(row, a, x, other, threads), first)


LARGE = [
    Shape(c=64, h=130, w=130, k=33, r=3, s=3, pad_h=1, pad_w=1),
    Shape(c=128, h=100, w=100, k=33, r=3, s=3, stride_h=2, stride_w=2, pad_w=1),
    Shape(c=64, h=40, w=40, k=80, r=5, s=5, pad_h=2, pad_w=2, groups=2),
    Shape(c=256, h=80, w=80, k=48, stride_h=2, stride_w=2),
    Shape(c=3, h=224, w=224, k=64, r=7, s=7, stride_h=2, stride_w=2, pad_h=3, pad_w=3),
]  # of several blocks of rows each


@pytest.mark.parametrize("a", LARGE, ids=str)
@pytest.mark.parametrize("dtype", UNIT)
def test_tiles_agree_with_direct_block_by_block(dtype: str, a: Shape) -> None:
    rows = [row for row in ROWS if row[:2] == ("conv_dot", dtype) and "amx" in row[2]]
    if not rows:
        pytest.skip(f"no matrix unit for {dtype}")
    draw = np.random.default_rng(1).integers
    x, other = (narrow(draw(-4, 5, side), dtype) for side in (a.x, a.weights))

    found = run(rows[0], a, x, other, threads=2)

    direct = ("conv_direct", dtype, "avx512")
    assert np.array_equal(found, run(direct, a, x, other))


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_overflows_to_infinity(row: tuple[str, str, str]) -> None:
    a = sample(row)
    _, left, right = sides(row, a)
    huge = 240.0 if row[1] == "float16" else 2.0**70

    found = run(
        row,
        a,
        narrow(np.full(left, huge), row[1]),
        narrow(np.full(right, -huge), row[1]),
    )

    assert np.isneginf(widen(found, row[1])).any()
    assert (widen(found, row[1]) < 0).all()


@pytest.mark.parametrize("row", FORWARD_ROWS, ids="-".join)
def test_a_nan_reaches_what_it_touches_and_no_more(row: tuple[str, str, str]) -> None:
    a = sample(row)
    x, weights = normals(1, a.x, row[1]), normals(2, a.weights, row[1])
    x[0, 3, 4, 1] = 0x7FFF

    found = widen(run(row, a, x, weights), row[1])

    marked = np.zeros(a.x)
    marked[0, 3, 4, 1] = 1
    touched = forward(a, marked, np.ones(a.weights)) > 0
    assert np.array_equal(np.isnan(found), touched)


@pytest.mark.parametrize("row", HALF_ROWS, ids="-".join)
def test_subnormals_are_not_flushed(row: tuple[str, str, str]) -> None:
    a = sample(row)
    x = np.full(a.x, 3, dtype=np.uint16)  # 3 x 2^-24
    weights = narrow(np.full(a.weights, 0.5), row[1])

    found = run(row, a, x, weights)

    wanted = forward(a, widen(x, row[1]), widen(weights, row[1]))
    assert np.array_equal(found, narrow(wanted, row[1]))
