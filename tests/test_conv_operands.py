"""Operands of convolutions: the same for any number of ranks and in either layout."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.dtypes import widen
from tenbin.kernels.conv import DTYPES, KERNEL
from tenbin.kernels.conv.operands import as_nhwc, operands
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import share
from tests.convolutions import SQUARE, case, whole
from tests.test_conv_problem import problems


@given(problem=problems(), ranks=st.integers(1, 4), dtype=st.sampled_from(DTYPES))
@settings(deadline=None)
def test_operands_do_not_depend_on_the_ranks(
    problem: ConvProblem, ranks: int, dtype: str
) -> None:
    if KERNEL.misfit(case(problem, ranks=ranks)):
        return
    first, second = (as_nhwc(a, problem.layout) for a in whole(problem, dtype))

    for rank in range(ranks):
        mine = share(problem, ranks, rank)
        parts = operands(problem, mine, dtype, seed=1)
        a, b = (as_nhwc(part, problem.layout) for part in parts)
        images, c, k = (slice(r.start, r.stop) for r in (mine.images, mine.c, mine.k))
        depth = c if problem.groups == 1 else slice(None)
        gradient = problem.direction == "backward-data"
        np.testing.assert_array_equal(a, first[images, ..., k if gradient else c])
        if problem.direction == "backward-weights":
            np.testing.assert_array_equal(b, second[images, ..., k])
        else:
            np.testing.assert_array_equal(b, second[k, ..., depth])


@given(problem=problems(), dtype=st.sampled_from(DTYPES))
@settings(deadline=None, max_examples=30)
def test_both_layouts_hold_the_same_numbers(problem: ConvProblem, dtype: str) -> None:
    for one, other in zip(
        whole(replace(problem, layout="nhwc"), dtype),
        whole(replace(problem, layout="nchw"), dtype),
        strict=True,
    ):
        assert other.flags.c_contiguous
        np.testing.assert_array_equal(one, as_nhwc(other, "nchw"))


@pytest.mark.parametrize("dtype", DTYPES)
def test_operands_are_normals_without_zeros(dtype: str) -> None:
    x, w = (widen(a, dtype, "float64") for a in whole(SQUARE, dtype))

    assert np.all(x != 0.0)
    assert np.all(w != 0.0)
    assert float(np.std(x)) == pytest.approx(1.0, rel=0.1)
    assert float(np.std(w)) == pytest.approx(72**-0.5, rel=0.1)
    assert not np.array_equal(whole(SQUARE, dtype)[0], whole(SQUARE, dtype, 2)[0])
