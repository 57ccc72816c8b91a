"""The native adds: float32 arithmetic, one rounding, on every ISA this CPU has."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

native = pytest.importorskip(
    "tenbin.kernels.native._native", reason="the native module is not built"
)

Array = NDArray[Any]

ROWS = [row[1:] for row in native.rows() if row[0] == "add"]
SHORT = [row for row in ROWS if row[0].endswith("16")]
STORAGE = {
    "float16": np.uint16,
    "bfloat16": np.uint16,
    "float32": np.uint32,
    "float64": np.uint64,
}
ALL_BITS = np.arange(2**16, dtype=np.uint16)

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of the oracle


def widen(bits: Array, dtype: str) -> Array:
    """Return the numbers behind the bits, in the dtype they are added in."""
    if dtype == "bfloat16":
        return (bits.astype(np.uint32) << 16).view(np.float32)
    if dtype == "float16":
        return bits.view(np.float16).astype(np.float32)
    return bits.view(dtype)


def narrow(wide: Array, dtype: str) -> Array:
    """Return the bits of the nearest numbers, ties to even."""
    if dtype == "float16":
        return wide.astype(np.float16).view(np.uint16)
    if dtype != "bfloat16":
        return wide.view(STORAGE[dtype])
    bits = wide.view(np.uint32).astype(np.uint64)
    rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return np.where(np.isnan(wide), 0x7FC0, rounded).astype(np.uint16)


def expected(ins: list[Array], dtype: str) -> Array:
    wide = widen(ins[0], dtype).copy()
    for bits in ins[1:]:
        wide += widen(bits, dtype)
    return narrow(wide, dtype)


def agrees(found: Array, wanted: Array, dtype: str) -> None:
    """Compare bits; every NaN is as good as another if it is a quiet one."""
    lost = np.isnan(widen(wanted, dtype))
    if dtype.endswith("16"):
        assert np.all(found[lost] & (0x200 if dtype == "float16" else 0x40))
    assert np.array_equal(np.isnan(widen(found, dtype)), lost)
    assert np.array_equal(found[~lost], wanted[~lost])


def random_bits(rng: np.random.Generator, dtype: str, count: int) -> Array:
    return rng.integers(
        0,
        2 ** (8 * np.dtype(STORAGE[dtype]).itemsize) - 1,
        count,
        dtype=np.uint64,
        endpoint=True,
    ).astype(STORAGE[dtype])


@pytest.mark.parametrize(("dtype", "isa"), SHORT)
def test_every_number_survives_alone_and_with_itself(dtype: str, isa: str) -> None:
    out = np.empty_like(ALL_BITS)

    native.add((out,), (ALL_BITS,), dtype, 0, out.size, isa)
    agrees(out, ALL_BITS, dtype)

    native.add((out,), (ALL_BITS, ALL_BITS), dtype, 0, out.size, isa)
    agrees(out, expected([ALL_BITS, ALL_BITS], dtype), dtype)


@pytest.mark.parametrize(("dtype", "isa"), SHORT)
def test_every_number_meets_the_awkward_ones(dtype: str, isa: str) -> None:
    """Zeros, subnormals, ties, the largest numbers, infinities, quiet and loud NaN."""
    out = np.empty_like(ALL_BITS)
    inf = 0x7C00 if dtype == "float16" else 0x7F80
    awkward = (0, 1, 2, 3, 0x3FF, 0x400, 0x401, 0x3C00, inf - 1, inf, inf + 1, 0x7FFF)

    for bits in [sign | number for sign in (0, 0x8000) for number in awkward]:
        other = np.full_like(ALL_BITS, bits)
        native.add((out,), (ALL_BITS, other), dtype, 0, out.size, isa)
        agrees(out, expected([ALL_BITS, other], dtype), dtype)


@pytest.mark.parametrize(("dtype", "isa"), ROWS)
@given(
    inputs=st.integers(1, 5),
    count=st.integers(0, 300),
    shift=st.integers(0, 70),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_sums_random_bits_anywhere_in_memory(
    dtype: str, isa: str, inputs: int, count: int, shift: int, seed: int
) -> None:
    """At any address, even one that is no multiple of the element, and no further."""
    rng = np.random.default_rng(seed)
    itemsize = np.dtype(STORAGE[dtype]).itemsize
    ins = [random_bits(rng, dtype, count) for _ in range(inputs)]
    places = [np.zeros(shift + part.nbytes, np.uint8)[shift:] for part in ins]
    for place, part in zip(places, ins, strict=True):
        place[:] = part.view(np.uint8)
    out = np.full(shift + (count + 1) * itemsize, 0x5A, dtype=np.uint8)

    native.add((out[shift:],), tuple(places), dtype, 0, count, isa)

    found = np.frombuffer(out[shift:-itemsize].tobytes(), dtype=STORAGE[dtype])
    agrees(found, expected(ins, dtype), dtype)
    assert np.all(out[:shift] == 0x5A)
    assert np.all(out[out.size - itemsize :] == 0x5A)


@pytest.mark.parametrize(("dtype", "isa"), ROWS)
@given(count=st.integers(0, 400), seed=st.integers(0, 99), data=st.data())
@settings(max_examples=30, deadline=None)
def test_writes_its_range_of_every_output_in_place(
    dtype: str, isa: str, count: int, seed: int, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, count))
    last = data.draw(st.integers(first, count))
    rng = np.random.default_rng(seed)
    ranks = [random_bits(rng, dtype, count) for _ in range(3)]
    wanted = [part.copy() for part in ranks]
    for part in wanted:
        part[first:last] = expected(ranks, dtype)[first:last]

    native.add(tuple(ranks), tuple(ranks), dtype, first, last, isa)

    for part, right in zip(ranks, wanted, strict=True):
        agrees(part[first:last], right[first:last], dtype)
        assert np.array_equal(part[:first], right[:first])
        assert np.array_equal(part[last:], right[last:])


@pytest.mark.parametrize(("dtype", "isa"), SHORT)
def test_many_inputs_are_rounded_once(dtype: str, isa: str) -> None:
    one = {"float16": 0x3C00, "bfloat16": 0x3F80}[dtype]
    half_step = {"float16": 0x1000, "bfloat16": 0x3B80}[dtype]  # of the numbers at 1
    ins = [np.full(1000, bits, np.uint16) for bits in (one, half_step, half_step)]
    out = np.empty_like(ins[0])

    native.add((out,), tuple(ins), dtype, 0, out.size, isa)

    assert np.all(out == one + 1)  # rounded after every sum it would be 1


def test_adds_run_at_the_same_time_as_python() -> None:
    big = np.ones(2**22, dtype=np.float32)
    counted, done = 0, threading.Event()

    def add() -> None:
        for _ in range(5):
            native.add((big,), (big, big), "float32", 0, big.size, "scalar")
        done.set()

    thread = threading.Thread(target=add)
    thread.start()
    while not done.is_set():
        counted += 1
    thread.join()

    assert counted > 100


FOUR = np.zeros(4, dtype=np.float32)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: native.add((FOUR,), (FOUR,), "int8", 0, 4), ValueError, "of int8"),
        (lambda: native.add((FOUR,), (FOUR,), "float32", 0, 5), ValueError, "needs 20"),
        (lambda: native.add((FOUR,), (), "float32", 0, 4), ValueError, "of 0 to 1"),
        (lambda: native.add((FOUR,), (FOUR,), "float32", 3, 2), ValueError, "3 .. 2"),
        (lambda: native.add((FOUR,), (FOUR,), "float32", -1, 2), ValueError, "-1 .. 2"),
        (
            lambda: native.add((FOUR,), (FOUR,), "float64", 0, 2**62),
            ValueError,
            "over 0",
        ),
        (lambda: native.add((b"1234",), (FOUR,), "float32", 0, 1), BufferError, "writ"),
        (lambda: native.add((FOUR,), (1,), "float32", 0, 1), TypeError, "bytes-like"),
        (lambda: native.add([FOUR], (FOUR,), "float32", 0, 1), TypeError, "tuple"),
        (
            lambda: native.add((FOUR[::2],), (FOUR,), "float32", 0, 1),
            ValueError,
            "contig",
        ),
    ],
)
def test_refuses_bad_buffers(
    call: Callable[[], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        call()
