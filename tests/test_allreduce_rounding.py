"""Rounding errors follow the laws of their order of summation."""

from math import log2, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.errors import UsageError
from tenbin.kernels.allreduce.hierarchical import hierarchical
from tenbin.kernels.allreduce.names import parse
from tenbin.kernels.allreduce.rounding import ROUND, rounding, to_bfloat16

TABLE = [  # float16: ranks, flat ring, halving and doubling; reference, d.6
    (8, 4.6e-4, 3.9e-4),
    (64, 1.21e-3, 5.5e-4),
    (256, 2.36e-3, 6.3e-4),
]


def rms(levels: tuple[int, ...], dtype: str) -> float:
    return rounding(hierarchical(levels), dtype).rms


@pytest.mark.parametrize(("ranks", "ring", "halves"), TABLE)
def test_errors_in_float16_are_those_of_the_reference(
    ranks: int, ring: float, halves: float
) -> None:
    twos = (2,) * round(log2(ranks))

    assert rms((ranks,), "float16") == pytest.approx(ring, rel=0.1)
    assert rms(twos, "float16") == pytest.approx(halves, rel=0.1)


@pytest.mark.parametrize("dtype", ROUND)
def test_a_ring_errs_like_the_root_of_the_ranks(dtype: str) -> None:
    growth = rms((256,), dtype) / rms((64,), dtype)

    assert growth == pytest.approx(sqrt(256 / 64), rel=0.1)


@pytest.mark.parametrize("dtype", ROUND)
def test_halving_errs_like_the_root_of_the_steps(dtype: str) -> None:
    growth = rms((2,) * 8, dtype) / rms((2,) * 4, dtype)

    assert growth == pytest.approx(sqrt(8 / 4), rel=0.15)


def test_bfloat16_errs_eight_times_as_much_as_float16() -> None:
    ratio = rms((8, 4), "bfloat16") / rms((8, 4), "float16")

    assert ratio == pytest.approx(8, rel=0.1)


@pytest.mark.parametrize("text", ["4x2", "tree", "doubling", "swing", "leader:4x2/2"])
@pytest.mark.parametrize("dtype", ROUND)
def test_all_ranks_get_the_same_bits(text: str, dtype: str) -> None:
    assert rounding(parse(text).schedule(8, 4), dtype).same


@settings(deadline=None)
@given(st.floats(-(2.0**100), 2.0**100, width=32))
def test_bfloat16_is_the_nearest_with_half_the_bits(value: float) -> None:
    number = np.float32(value)
    low = np.array([number]).view(np.uint32) & np.uint32(0xFFFF0000)
    near = [float((low + np.uint32(step)).view(np.float32)[0]) for step in (0, 0x10000)]

    found = float(to_bfloat16(np.array([number]))[0])

    distances = sorted(abs(one - value) for one in near)
    assert found in near
    assert abs(found - value) == distances[0]
    if distances[0] == distances[1]:
        assert int(np.array([found], np.float32).view(np.uint32)[0]) >> 16 & 1 == 0


def test_another_dtype_is_refused_with_the_choices() -> None:
    with pytest.raises(UsageError, match="no dtype with an addition int8; choose from"):
        rounding(hierarchical((2,)), "int8")
