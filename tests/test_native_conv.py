"""The native convolutions against float64, on every ISA this CPU has."""

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

FORWARD = {"conv_direct", "conv_pixel", "conv_pointwise", "conv_dot"}
ROWS = [
    row
    for row in native.rows()
    if row[0].startswith("conv_") and "winograd" not in row[0]
]
FORWARD_ROWS = [row for row in ROWS if row[0] in FORWARD]
HALF_SUMS = {"conv_fp16acc", "conv_fp16chunk"}
HALF_ROWS = [row for row in ROWS if row[1] == "float16" and row[0] in FORWARD]
UNIT = {"float16": 2.0**-11, "bfloat16": 2.0**-8}
GUARD = np.uint16(0x5A5A)

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the oracle


class Shape(NamedTuple):
    """The 14 numbers of struct conv_shape."""

    n: int = 1
    c: int = 1
    h: int = 1
    w: int = 1
    k: int = 1
    r: int = 1
    s: int = 1
    stride_h: int = 1
    stride_w: int = 1
    pad_h: int = 0
    pad_w: int = 0
    dilation_h: int = 1
    dilation_w: int = 1
    groups: int = 1

    @property
    def x(self) -> tuple[int, ...]:
        return (self.n, self.h, self.w, self.c)

    @property
    def weights(self) -> tuple[int, ...]:
        return (self.k, self.r, self.s, self.c // self.groups)

    @property
    def y(self) -> tuple[int, ...]:
        p = self.h + 2 * self.pad_h - self.dilation_h * (self.r - 1) - 1
        q = self.w + 2 * self.pad_w - self.dilation_w * (self.s - 1) - 1
        return (self.n, p // self.stride_h + 1, q // self.stride_w + 1, self.k)


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    groups = draw(st.sampled_from([1, 1, 1, 2, 3]))
    small = st.integers(1, 33 // groups)
    r, s = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    shape = Shape(
        n=draw(st.integers(1, 2)),
        c=draw(small) * groups,
        h=draw(st.integers(1, 33)),
        w=draw(st.integers(1, 33)),
        k=draw(small) * groups,
        r=r,
        s=s,
        stride_h=draw(st.integers(1, 4)),
        stride_w=draw(st.integers(1, 4)),
        pad_h=draw(st.integers(0, r)),
        pad_w=draw(st.integers(0, s)),
        dilation_h=draw(st.integers(1, 3)),
        dilation_w=draw(st.integers(1, 3)),
        groups=groups,
    )
    assume(shape.dilation_h * (shape.r - 1) < shape.h + 2 * shape.pad_h)
    assume(shape.dilation_w * (shape.s - 1) < shape.w + 2 * shape.pad_w)
    return shape


def widen(bits: Array, dtype: str) -> Array:
    if dtype == "bfloat16":
        return (bits.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return bits.view(np.float16).astype(np.float64)


def narrow(wide: Array, dtype: str) -> Array:
    """Return the bits of the nearest numbers, ties to even."""
    if dtype == "float16":
        return np.asarray(wide, dtype=np.float64).astype(np.float16).view(np.uint16)
    bits = np.asarray(wide, dtype=np.float32).view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return np.where(np.isnan(wide), 0x7FC0, rounded).astype(np.uint16)


def patches(a: Shape, x: Array) -> Array:
    """Return x under every tap: n p q groups r s c; zeros beyond the border."""
    padded = np.pad(x, ((0, 0), (a.pad_h, a.pad_h), (a.pad_w, a.pad_w), (0, 0)))
    _, height, width, _ = a.y
    rows = np.arange(height)[:, None] * a.stride_h + np.arange(a.r) * a.dilation_h
    cols = np.arange(width)[:, None] * a.stride_w + np.arange(a.s) * a.dilation_w
    taken = padded[:, rows[:, None, :, None], cols[None, :, None, :]]
    split = taken.reshape(*taken.shape[:-1], a.groups, a.c // a.groups)
    return np.moveaxis(split, -2, 3)


def forward(a: Shape, x: Array, weights: Array) -> Array:
    grouped = weights.reshape(a.groups, a.k // a.groups, *weights.shape[1:])
    y = np.einsum("npqgrsc,gkrsc->npqgk", patches(a, x), grouped, optimize=True)
    return np.asarray(y.reshape(a.y))


def backward_weights(a: Shape, x: Array, dy: Array) -> Array:
    grouped = dy.reshape(*dy.shape[:3], a.groups, a.k // a.groups)
    dw = np.einsum("npqgrsc,npqgk->gkrsc", patches(a, x), grouped, optimize=True)
    return np.asarray(dw.reshape(a.weights))


def backward_data(a: Shape, dy: Array, weights: Array) -> Array:
    grouped = weights.reshape(a.groups, a.k // a.groups, *weights.shape[1:])
    split = dy.reshape(*dy.shape[:3], a.groups, a.k // a.groups)
    dx = np.zeros(
        (a.n, a.h + 2 * a.pad_h, a.w + 2 * a.pad_w, a.groups, a.c // a.groups)
    )
    _, height, width, _ = a.y
    for r in range(a.r):
        for s in range(a.s):
            rows = r * a.dilation_h + np.arange(height) * a.stride_h
            cols = s * a.dilation_w + np.arange(width) * a.stride_w
            part = np.einsum("npqgk,gkc->npqgc", split, grouped[:, :, r, s])
            dx[:, rows[:, None], cols] += part
    inner = dx[:, a.pad_h : a.pad_h + a.h, a.pad_w : a.pad_w + a.w]
    return np.asarray(inner.reshape(a.x))


def guarded(count: int) -> tuple[Array, Array]:
    """Return an array, and the larger one around it, full of canaries."""
    whole = np.full(count + 64, GUARD)
    return whole[32 : 32 + count], whole


def run(
    row: tuple[str, str, str], a: Shape, x: Array, other: Array, threads: int = 1
) -> Array:
    """Return the bits of what `row` computes of bits; canaries must survive."""
    operation, dtype, isa = row
    if operation == "conv_backward_weights":
        packed, out = other, a.weights
    else:
        packed = native.conv_pack(operation, dtype, a, other, isa)
        out = a.x if operation == "conv_backward_data" else a.y
    scratch_bytes = native.conv_scratch_bytes(operation, dtype, a, threads, isa)
    scratch = native.aligned(scratch_bytes + 64)
    scratch[:] = b"\xff" * len(scratch)  # NaN
    y, whole = guarded(int(np.prod(out)))
    native.conv(operation, dtype, a, x, packed, y, scratch[:-64], threads, isa)
    assert (whole[:32] == GUARD).all()
    assert (whole[-32:] == GUARD).all()
    assert scratch[-64:] == b"\xff" * 64
    return y.reshape(out).copy()


def normals(seed: int, shape: tuple[int, ...], dtype: str, scale: float = 1) -> Array:
    drawn = np.random.default_rng(seed).standard_normal(shape) * scale
    return narrow(drawn, dtype)


def sides(row: tuple[str, str, str], a: Shape) -> tuple[Any, ...]:
    """Return the oracle and the shapes of its two arguments."""
    if row[0] == "conv_backward_data":
        return backward_data, a.y, a.weights
    if row[0] == "conv_backward_weights":
        return backward_weights, a.x, a.y
    return forward, a.x, a.weights


def fitting(row: tuple[str, str, str], a: Shape) -> Shape:
    """Turn the shape into one that the algorithm is made for."""
    if row[0] == "conv_pointwise":
        a = a._replace(pad_h=0, pad_w=0, dilation_h=1, dilation_w=1)
        h, w = min(a.h, 5), min(a.w, 5)
        a = (
            a._replace(h=h, w=w, r=h, s=w, groups=1)  # the whole image
            if a.n % 2
            else a._replace(r=1, s=1)
        )
    if row[0] == "conv_pixel":
        few = {"c": min(a.c, 15)} if a.c <= a.k else {"k": min(a.k, 15)}
        a = a._replace(**few, groups=1)
    if row[0] == "conv_dot":
        a = a._replace(c=2 * a.c)
    assume(native.conv_fits(row[0], row[1], a, row[2]))
    return a


def excess(row: tuple[str, str, str], found: Array, oracle: Any, *sides: Array) -> Any:
    """Return the largest error over c4's bound, which has c = 8, 16 for dots."""
    wide = [widen(side, row[1]) for side in sides]
    right, mass = oracle(*wide), oracle(*map(np.abs, wide))
    steps = 16 if row[0] == "conv_dot" else 8
    bound = UNIT[row[1]] * np.abs(right) + 2.0**-25 + steps * 2.0**-24 * mass
    if row[0] in HALF_SUMS:  # each term is rounded to half, and may be subnormal
        terms = sides[1][0].size
        bound = terms * (2.0**-11 * mass + 2.0**-25) + bound
    return (np.abs(widen(found, row[1]) - right) / bound).max()


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


A = Shape(c=2, h=4, w=4, k=2, r=3, s=3)
WRONG = [
    (A[:-1], "a shape is a tuple"),
    (A._replace(n=0), "n = 0"),
    (A._replace(stride_w=0), "stride_w = 0"),
    (A._replace(pad_h=-1), "pad_h = -1"),
    (A._replace(r=5), "larger than the padded image"),
    (A._replace(groups=3), "groups must divide"),
    (A._replace(n=2**39, h=2**20), r"beyond 2\^40"),
]


@pytest.mark.parametrize(("shape", "message"), WRONG)
def test_refuses_a_shape(shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        native.conv_fits("conv_direct", "float16", shape)


@pytest.mark.parametrize("short", ["x", "packed", "y", "weights"])
def test_refuses_a_buffer_of_another_length(short: str) -> None:
    arguments = ("conv_direct", "float16", A)
    weights = np.zeros(36, dtype=np.uint16)
    buffers: dict[str, Any] = {
        "x": np.zeros(32, dtype=np.uint16),
        "packed": native.conv_pack(*arguments, weights),
        "y": np.zeros(8, dtype=np.uint16),
        "scratch": native.aligned(native.conv_scratch_bytes(*arguments, 1)),
    }
    if short == "weights":
        with pytest.raises(ValueError, match="weights of 70 bytes"):
            native.conv_pack(*arguments, weights[:-1])
        return
    buffers[short] = buffers[short][:-1]
    with pytest.raises(ValueError, match=f"{short} of"):
        native.conv(*arguments, *buffers.values(), 1)


def test_refuses_what_is_no_convolution() -> None:
    with pytest.raises(ValueError, match="add: not a convolution"):
        native.conv_fits("add", "float16", A)
    with pytest.raises(ValueError, match="no native conv_direct of float64"):
        native.conv_fits("conv_direct", "float64", A)
