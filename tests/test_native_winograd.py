"""Winograd convolution against float64, on every ISA this CPU has."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

native = pytest.importorskip(
    "tenbin.kernels.native._native", reason="the native module is not built"
)

Array = NDArray[Any]

ROWS = [row for row in native.rows() if row[0].startswith("conv_winograd")]
C_BOUND = {4: 8, 6: 64, 8: 256}  # by points of an axis
UNIT = {"float16": 2.0**-11, "bfloat16": 2.0**-8}
GUARD = np.uint16(0x5A5A)
GUARDS = 40
NONE, GUARDED = b"\xff", 64  # NaN, behind the scratch

each_row = pytest.mark.parametrize(
    ("operation", "dtype", "isa"),
    [pytest.param(*row, id="-".join(row)) for row in ROWS],
)


class Problem(NamedTuple):
    """A square filter, 3x3 or 5x5, at stride 1."""

    n: int = 1
    c: int = 16
    h: int = 14
    w: int = 14
    k: int = 32
    pad_h: int = 1
    pad_w: int = 1
    r: int = 3
    groups: int = 1

    @property
    def numbers(self) -> tuple[int, ...]:
        n, c, h, w, k, pad_h, pad_w, r, groups = self
        return (n, c, h, w, k, r, r, 1, 1, pad_h, pad_w, 1, 1, groups)

    @property
    def y(self) -> tuple[int, ...]:
        return (
            self.n,
            self.h + 2 * self.pad_h - self.r + 1,
            self.w + 2 * self.pad_w - self.r + 1,
            self.k,
        )


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
def problems(draw: st.DrawFn) -> Problem:
    r, groups = draw(st.sampled_from((3, 5))), draw(st.sampled_from((1, 1, 2, 3)))
    channels = st.integers(1, 50 // groups).map(lambda each: groups * each)
    pad = st.integers(0, r - 1)
    problem = Problem(
        r=r,
        groups=groups,
        n=draw(st.integers(1, 3)),
        c=draw(channels),
        h=draw(st.integers(1, 33)),
        w=draw(st.integers(1, 33)),
        k=draw(channels),
        pad_h=draw(pad),
        pad_w=draw(pad),
    )
    assume(min(problem.y) >= 1)
    return problem


def random_bits(shape: tuple[int, ...], dtype: str, seed: int) -> Array:
    values = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
    if dtype == "bfloat16":
        return (values.view(np.uint32) >> 16).astype(np.uint16)
    return values.astype(np.float16).view(np.uint16)


def widen(bits: Array, dtype: str) -> Array:
    if dtype == "bfloat16":
        return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return bits.view(np.float16).astype(np.float64)


def convolve(problem: Problem, x: Array, weights: Array) -> Array:
    pad = ((0, 0), (problem.pad_h,) * 2, (problem.pad_w,) * 2, (0, 0))
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(x, pad), (problem.r, problem.r), (1, 2)
    )
    parts = [
        np.einsum("npqcrs,krsc->npqk", x_part, w_part, optimize=True)
        for x_part, w_part in zip(
            np.split(windows, problem.groups, 3),
            np.split(weights, problem.groups),
            strict=True,
        )
    ]
    return np.concatenate(parts, 3)


def compute(
    row: tuple[str, str, str], problem: Problem, x: Array, w: Array, threads: int = 1
) -> Array:
    """Return the bits of y, with what stands around them unharmed."""
    operation, dtype, isa = row
    call = (operation, dtype, problem.numbers)
    packed = native.conv_pack(*call, w, isa)
    scratch = native.aligned(native.conv_scratch_bytes(*call, threads, isa) + GUARDED)
    scratch[:] = NONE * len(scratch)
    items = int(np.prod(problem.y))
    guarded = np.full(items + 2 * GUARDS, GUARD)
    y = guarded[GUARDS : GUARDS + items]
    native.conv(*call, x, packed, y, scratch[:-GUARDED], threads, isa)
    assert scratch[-GUARDED:] == NONE * GUARDED
    assert (guarded[:GUARDS] == GUARD).all()
    assert (guarded[GUARDS + items :] == GUARD).all()
    return y.reshape(problem.y).copy()


def operands(problem: Problem, dtype: str, seed: int) -> tuple[Array, Array]:
    n, c, h, w, k = problem[:5]
    x = random_bits((n, h, w, c), dtype, seed)
    filters = (k, problem.r, problem.r, c // problem.groups)
    return x, random_bits(filters, dtype, seed + 1)


def largest_nearby(sums: Array) -> Array:
    """Return the largest of the sums within a tile: errors spread over all of it."""
    reach = ((0, 0), (5, 5), (5, 5), (0, 0))
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(sums, reach), (11, 11), (1, 2)
    )
    return np.asarray(windows.max((-1, -2)))


def excess(
    row: tuple[str, str, str], problem: Problem, got: Array, bound: Any
) -> Array:
    """Return the error beyond the rounding of y, in units of 2^-24 sum |x w|."""
    dtype = row[1]
    x, w = (widen(bits, dtype) for bits in operands(problem, dtype, 1))
    y, sums = convolve(problem, x, w), bound(convolve(problem, abs(x), abs(w)))
    error = abs(widen(got, dtype) - y) - UNIT[dtype] * abs(y) - 2.0**-25
    return np.asarray(error / (2.0**-24 * sums))


@each_row
@settings(max_examples=12, deadline=None)
@given(problem=problems(), threads=st.integers(1, 3))
def test_any_shape_is_within_the_bound(
    operation: str, dtype: str, isa: str, problem: Problem, threads: int
) -> None:
    row = (operation, dtype, isa)
    assume(problem.r in filters(operation))
    got = compute(row, problem, *operands(problem, dtype, 1), threads)
    most = bound(operation, problem.r)
    assert (excess(row, problem, got, largest_nearby) <= most).all()


@each_row_and_filter
@pytest.mark.parametrize("size", [7, *range(11, 17)])
def test_layers_are_within_the_bound_of_every_output(
    operation: str, dtype: str, isa: str, r: int, size: int
) -> None:
    row, pad = (operation, dtype, isa), r // 2
    problem = Problem(c=40, h=size, w=size + 1, pad_h=pad, pad_w=pad, r=r)
    got = compute(row, problem, *operands(problem, dtype, 1))
    assert (excess(row, problem, got, np.asarray) <= bound(operation, r)).all()


@each_row
@pytest.mark.parametrize("threads", [1, 2])
def test_two_runs_agree_bit_for_bit(
    operation: str, dtype: str, isa: str, threads: int
) -> None:
    row, problem = (operation, dtype, isa), Problem(n=2, c=33, k=70)
    data = operands(problem, dtype, 5)
    first = compute(row, problem, *data, threads)
    assert (first == compute(row, problem, *data, threads)).all()


@each_row
def test_threads_do_not_change_a_bit(operation: str, dtype: str, isa: str) -> None:
    row, problem = (operation, dtype, isa), Problem(n=3, c=20, k=40)
    data = operands(problem, dtype, 5)
    assert (compute(row, problem, *data, 1) == compute(row, problem, *data, 2)).all()


@each_row
def test_blocks_of_tiles_meet_without_a_seam(
    operation: str, dtype: str, isa: str
) -> None:
    """So many channels that half of a cache holds few tiles."""
    row, problem = (operation, dtype, isa), Problem(c=130, h=35, w=31, k=96)
    if isa == "scalar":
        problem = problem._replace(h=18, w=18)
    got = compute(row, problem, *operands(problem, dtype, 1), 2)
    assert (excess(row, problem, got, np.asarray) <= bound(operation, 3)).all()


@each_row
def test_a_number_that_is_none_stays_in_its_tile(
    operation: str, dtype: str, isa: str
) -> None:
    problem = Problem(n=2, h=16, w=16)
    x, w = operands(problem, dtype, 3)
    x[0, 0, 0, 0] = 0x7FFF
    y = widen(compute((operation, dtype, isa), problem, x, w), dtype)
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
    names = "n c h w k r s stride_h stride_w pad_h pad_w dilation_h dilation_w groups"
    numbers = dict(zip(names.split(), Problem().numbers, strict=True))
    assert native.conv_fits(operation, dtype, tuple(numbers.values()), isa)
    shape = tuple((numbers | change).values())
    assert not native.conv_fits(operation, dtype, shape, isa)
