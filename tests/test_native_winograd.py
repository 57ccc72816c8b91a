"""Winograd convolution against float64, on every ISA this CPU has."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.native_convolutions import (
    UNIT,
    Array,
    Shape,
    forward,
    native,
    normals,
    run,
    widen,
)

ROWS = [row for row in native.rows() if row[0].startswith("conv_winograd")]
C_BOUND = {4: 8, 6: 64, 8: 256}  # by points of an axis

each_row = pytest.mark.parametrize(
    ("operation", "dtype", "isa"),
    [pytest.param(*row, id="-".join(row)) for row in ROWS],
)
# A layer with 3x3 filters.
LAYER = Shape(c=16, h=14, w=14, k=32, r=3, s=3, pad_h=1, pad_w=1)


def bound(operation: str, r: int) -> int:
    return C_BOUND[outputs_of(operation) + r - 1]


def outputs_of(operation: str) -> int:
    return int(operation.removeprefix("conv_winograd"))


def filters(operation: str) -> list[int]:
    return [r for r in (3, 5) if outputs_of(operation) + r - 1 in C_BOUND]


each_row_and_filter = pytest.mark.parametrize(
    ("operation", "dtype", "isa", "r"),
    [
        pytest.param(*row, r, id="-".join((*row, f"{r}x{r}")))
        for row in ROWS
        for r in filters(row[0])
    ],
)


@st.composite
def layers(draw: st.DrawFn) -> Shape:
    r, groups = draw(st.sampled_from((3, 5))), draw(st.sampled_from((1, 1, 2, 3)))
    channels = st.integers(1, 50 // groups).map(lambda each: groups * each)
    pad = st.integers(0, r - 1)
    layer = Shape(
        n=draw(st.integers(1, 3)),
        c=draw(channels),
        h=draw(st.integers(1, 33)),
        w=draw(st.integers(1, 33)),
        k=draw(channels),
        r=r,
        s=r,
        pad_h=draw(pad),
        pad_w=draw(pad),
        groups=groups,
    )
    assume(min(layer.h + 2 * layer.pad_h, layer.w + 2 * layer.pad_w) >= r)
    return layer


def operands(layer: Shape, dtype: str, seed: int) -> tuple[Array, Array]:
    return normals(seed, layer.x, dtype), normals(seed + 1, layer.weights, dtype)


def largest_nearby(sums: Array) -> Array:
    """Return the largest of the sums within a tile: errors spread over all of it."""
    reach = ((0, 0), (5, 5), (5, 5), (0, 0))
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(sums, reach), (11, 11), (1, 2)
    )
    return np.asarray(windows.max((-1, -2)))


def excess(row: tuple[str, str, str], layer: Shape, got: Array, bound: Any) -> Array:
    """Return the error beyond the rounding of y, in units of 2^-24 sum |x w|."""
    dtype = row[1]
    x, w = (widen(bits, dtype) for bits in operands(layer, dtype, 1))
    y, sums = forward(layer, x, w), bound(forward(layer, abs(x), abs(w)))
    error = abs(widen(got, dtype) - y) - UNIT[dtype] * abs(y) - 2.0**-25
    return np.asarray(error / (2.0**-24 * sums))


@each_row
@settings(max_examples=12, deadline=None)
@given(layer=layers(), threads=st.integers(1, 3))
def test_any_shape_is_within_the_bound(
    operation: str, dtype: str, isa: str, layer: Shape, threads: int
) -> None:
    row = (operation, dtype, isa)
    assume(layer.r in filters(operation))
    got = run(row, layer, *operands(layer, dtype, 1), threads)
    most = bound(operation, layer.r)
    assert (excess(row, layer, got, largest_nearby) <= most).all()


@each_row_and_filter
@pytest.mark.parametrize("size", [7, *range(11, 17)])
def test_layers_are_within_the_bound_of_every_output(
    operation: str, dtype: str, isa: str, r: int, size: int
) -> None:
    row, pad = (operation, dtype, isa), r // 2
    layer = LAYER._replace(c=40, h=size, w=size + 1, pad_h=pad, pad_w=pad, r=r, s=r)
    got = run(row, layer, *operands(layer, dtype, 1))
    assert (excess(row, layer, got, np.asarray) <= bound(operation, r)).all()


@each_row
@pytest.mark.parametrize("threads", [1, 2])
def test_two_runs_agree_bit_for_bit(
    operation: str, dtype: str, isa: str, threads: int
) -> None:
    row, layer = (operation, dtype, isa), LAYER._replace(n=2, c=33, k=70)
    data = operands(layer, dtype, 5)
    first = run(row, layer, *data, threads)
    assert (first == run(row, layer, *data, threads)).all()


@each_row
def test_threads_do_not_change_a_bit(operation: str, dtype: str, isa: str) -> None:
    row, layer = (operation, dtype, isa), LAYER._replace(n=3, c=20, k=40)
    data = operands(layer, dtype, 5)
    assert (run(row, layer, *data, 1) == run(row, layer, *data, 2)).all()


@each_row
def test_blocks_of_tiles_meet_without_a_seam(
    operation: str, dtype: str, isa: str
) -> None:
    """So many channels that half of a cache holds few tiles."""
    row, layer = (operation, dtype, isa), LAYER._replace(c=130, h=35, w=31, k=96)
    if isa == "scalar":
        layer = layer._replace(h=18, w=18)
    got = run(row, layer, *operands(layer, dtype, 1), 2)
    assert (excess(row, layer, got, np.asarray) <= bound(operation, 3)).all()


@each_row
def test_a_number_that_is_none_stays_in_its_tile(
    operation: str, dtype: str, isa: str
) -> None:
    layer = LAYER._replace(n=2, h=16, w=16)
    x, w = operands(layer, dtype, 3)
    x[0, 0, 0, 0] = 0x7FFF
    y = widen(run((operation, dtype, isa), layer, x, w), dtype)
    assert np.isnan(y[0, 0, 0]).all()
    assert np.isfinite(y[0, outputs_of(operation) :]).all()
    assert np.isfinite(y[1]).all()


@each_row
@pytest.mark.parametrize(
    "change",
    [{"r": 1}, {"stride_h": 2}, {"dilation_w": 2}, {"pad_w": 3}],
)
def test_fits_only_squares_of_stride_one(
    operation: str, dtype: str, isa: str, change: dict[str, int]
) -> None:
    assert native.conv_fits(operation, dtype, LAYER, isa)
    assert not native.conv_fits(operation, dtype, LAYER._replace(**change), isa)
