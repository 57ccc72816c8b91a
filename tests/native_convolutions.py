"""Native convolutions on every ISA of this CPU: shapes, oracles and guarded runs."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume
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
HALF_SUMS = {"conv_fp16acc", "conv_fp16chunk"}
UNIT = {"float16": 2.0**-11, "bfloat16": 2.0**-8}
GUARD = np.uint16(0x5A5A)


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
