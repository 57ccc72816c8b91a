"""Native convolutions whose sums are in float16: rounded alike on every ISA."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.native_convolutions import (
    HALF_SUMS,
    ROWS,
    Array,
    Shape,
    narrow,
    normals,
    run,
    shapes,
    widen,
)

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the oracle


def half_sums(a: Shape, x: Array, weights: Array, chunk: int) -> Array:
    """Return 1x1 outputs whose sums are rounded to float16 after every product."""
    y = np.zeros(a.y)
    for first in range(0, a.c, chunk):
        part = np.zeros(a.y)
        for c in range(first, min(first + chunk, a.c)):
            exact = x[..., c, None] * weights[:, 0, 0, c] + part
            part = exact.astype(np.float16).astype(np.float64)
        y += part
    return y


@pytest.mark.parametrize("row", [r for r in ROWS if r[0] in HALF_SUMS], ids="-".join)
@pytest.mark.parametrize("k", [1, 37, 64])
def test_sums_in_half_are_rounded_once_a_step(
    row: tuple[str, str, str], k: int
) -> None:
    a = Shape(c=75, h=3, w=5, k=k)
    x, weights = normals(1, a.x, row[1]), normals(2, a.weights, row[1], 0.1)

    found = run(row, a, x, weights)

    chunk = 32 if row[0] == "conv_fp16chunk" else a.c
    wanted = half_sums(a, widen(x, row[1]), widen(weights, row[1]), chunk)
    assert np.array_equal(found, narrow(wanted, row[1]))


@pytest.mark.parametrize("operation", sorted(HALF_SUMS))
@given(shape=shapes(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_sums_in_half_are_the_same_on_every_isa(
    operation: str, shape: Shape, seed: int
) -> None:
    x = normals(seed, shape.x, "float16")
    weights = normals(seed + 1, shape.weights, "float16")

    found = [run(row, shape, x, weights) for row in ROWS if row[0] == operation]

    assert all(np.array_equal(found[0], other) for other in found[1:])
