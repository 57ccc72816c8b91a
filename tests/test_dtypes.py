"""Dtypes that NumPy lacks: what their bits mean, and how numbers round to them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenbin.dtypes import Array, named, narrow, storage, widen

BITS = ("bfloat16", "float8_e4m3")


def every(dtype: str) -> Array:
    stored = storage(dtype)
    return np.arange(2 ** (8 * stored.itemsize)).astype(stored)


@pytest.mark.parametrize("dtype", BITS)
def test_every_number_comes_back(dtype: str) -> None:
    stored = every(dtype)
    values = widen(stored, dtype, "float64")
    numbers = ~np.isnan(values)

    np.testing.assert_array_equal(narrow(values[numbers], dtype), stored[numbers])
    assert np.isnan(widen(narrow(values[~numbers], dtype), dtype, "float64")).all()
    assert named(stored) == dtype


def test_float8_is_what_its_paper_says() -> None:
    def value(bits: int) -> float:
        return float(widen(np.array([bits], np.uint8), "float8_e4m3", "float64")[0])

    assert value(0b0_1111_110) == 448
    assert value(0b0_0001_000) == 2**-6
    assert value(0b1_0000_001) == -(2**-9)
    assert np.isnan(value(0b0_1111_111))


@given(st.floats(-500, 500))
def test_float8_rounds_to_the_nearest_number(number: float) -> None:
    numbers = widen(every("float8_e4m3"), "float8_e4m3", "float64")

    rounded = widen(narrow(np.array([number]), "float8_e4m3"), "float8_e4m3", "float64")

    assert abs(rounded[0] - number) == np.nanmin(np.abs(numbers - number))


def test_float8_ties_go_to_even() -> None:
    halfway = np.array([17.0, 19.0, 2**-10, 3 * 2**-10, 1000.0])

    rounded = widen(narrow(halfway, "float8_e4m3"), "float8_e4m3", "float64")

    np.testing.assert_array_equal(rounded, [16.0, 20.0, 0.0, 2**-8, 448.0])


@given(value=st.floats(width=32))
def test_bfloat16_rounds_to_nearest_even(value: float) -> None:
    wide = np.array([value], np.float32)
    near = widen(narrow(wide, "bfloat16"), "bfloat16", "float64")[0]
    if not np.isfinite(value):
        np.testing.assert_equal(near, value)
        return
    bits = int(wide.view(np.uint32)[0])
    beside = np.array([bits & ~0xFFFF, (bits & ~0xFFFF) + 0x10000], np.uint32)
    low, high = beside.view(np.float32).astype(float)
    if np.isfinite(high):
        assert abs(near - value) == min(abs(low - value), abs(high - value))
