"""The check of GEMM bites: any wrong element is seen, no right result is refused."""

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tenbin.check import UNIT_ROUNDOFF, bound, within
from tenbin.kernels.gemm import VARIANTS
from tenbin.kernels.gemm.operands import operands
from tenbin.kernels.gemm.problem import TRANSPOSES, GemmProblem
from tenbin.kernels.gemm.verify import (
    C_SUM,
    STRIP,
    Oracle,
    judge,
    judge_projection,
    oracle,
)

DTYPES = ("float16", "float32", "float64")
ACCUMULATE = VARIANTS["numpy"].accumulate
sizes = st.integers(1, 33)
transposes = st.sampled_from(TRANSPOSES)
dtypes = st.sampled_from(DTYPES)
seeds = st.integers(0, 2**32)


def whole(problem: GemmProblem, dtype: str, seed: int = 1) -> tuple[Any, Any]:
    return operands(problem, range(problem.m), range(problem.n), dtype, seed)


def judged(problem: GemmProblem, dtype: str) -> tuple[NDArray[Any], Oracle]:
    a, b = whole(problem, dtype)
    return a @ b, oracle(a, b, dtype, ACCUMULATE[dtype], seed=1)


@given(m=sizes, n=sizes, k=sizes, transpose=transposes, dtype=dtypes, seed=seeds)
@settings(deadline=None, max_examples=200)
def test_numpy_is_right(
    m: int, n: int, k: int, transpose: str, dtype: str, seed: int
) -> None:
    problem = GemmProblem(m, n, k, transpose)
    a, b = whole(problem, dtype, seed)
    expected = a.astype(float) @ b.astype(float)
    magnitude = abs(a.astype(float)) @ abs(b.astype(float))

    for variant in (VARIANTS["numpy"], VARIANTS["reference"]):
        out = variant.run(a, b, np.full((m, n), np.nan, dtype))
        allowed = bound(
            expected, magnitude, dtype, variant.accumulate[dtype], 2 * C_SUM
        )
        assert within(out, expected, allowed, "test").ok
        right = oracle(a, b, dtype, variant.accumulate[dtype], seed)
        verdict = judge(out, right)
        assert verdict.ok, verdict


@pytest.mark.parametrize("dtype", ["float32", "float64"])  # float16: output rounding
@pytest.mark.parametrize("transpose", TRANSPOSES)
@pytest.mark.parametrize("shape", [(70, 100, 300), (130, 33, 65), (65, 1, 2000)])
def test_true_results_are_far_from_the_bound(
    shape: tuple[int, int, int], transpose: str, dtype: str
) -> None:
    c, right = judged(GemmProblem(*shape, transpose), dtype)

    assert judge(c, right).error < 0.8
    assert judge_projection(c, right) < 0.8


def strip_of(j: int, n: int) -> slice:
    return slice(j - j % STRIP, min(n, j - j % STRIP + STRIP))


def certain(right: Oracle, a: Any, b: Any, i: int, j: int) -> float:
    """Return the error the docstring promises to see: multiples of the mean bound."""
    strip = strip_of(j, b.shape[1])
    wide_a, wide_b = a[i].astype(float), b[:, strip].astype(float)
    bounds = bound(
        wide_a @ wide_b,
        abs(wide_a) @ abs(wide_b),
        right.dtype,
        ACCUMULATE[right.dtype],
        C_SUM,
    )
    return (1280 if right.dtype == "float64" else 128) * float(np.mean(bounds))


@given(
    dtype=dtypes,
    n=st.sampled_from((1, 31, 32, 100)),
    place=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
    sign=st.sampled_from((-1.0, 1.0)),
    times=st.floats(1.05, 1e4),
    seed=seeds,
)
@example("float32", 100, (0, 0), 1.0, 1.05, 0)
@settings(deadline=None, max_examples=200)
def test_projection_sees_any_single_wrong_element(
    dtype: str, n: int, place: tuple[int, int], sign: float, times: float, seed: int
) -> None:
    problem = GemmProblem(90, n, 50)
    a, b = whole(problem, dtype, seed)
    right = oracle(a, b, dtype, ACCUMULATE[dtype], seed)
    c = a @ b
    i, j = place[0] % 90, place[1] % n

    unit = UNIT_ROUNDOFF[dtype] * abs(float(c[i, j]))
    c[i, j] = float(c[i, j]) + sign * (times * certain(right, a, b, i, j) + unit)

    assert not judge_projection(c, right) <= 1.0
    assert not judge(c, right).ok


@given(dtype=dtypes, row=st.integers(0, 10**6), column=st.integers(0, 39), seed=seeds)
@settings(deadline=None)
def test_sampled_rows_see_twice_their_bound(
    dtype: str, row: int, column: int, seed: int
) -> None:
    a, b = whole(GemmProblem(90, 40, 50), dtype, seed)
    right = oracle(a, b, dtype, ACCUMULATE[dtype], seed)
    c = a @ b
    sampled = row % len(right.rows)

    exact, allowed = right.exact[sampled, column], right.allowed[sampled, column]
    c[right.rows[sampled], column] = exact + np.copysign(2.5 * allowed, exact)

    verdict = judge(c, right)
    assert not verdict.ok
    assert verdict.error > 1.5


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, 6e4])
def test_no_bad_value_hides_anywhere(value: float, dtype: str) -> None:
    c, right = judged(GemmProblem(80, 70, 40), dtype)
    unsampled = int(np.setdiff1d(np.arange(80), right.rows)[0])

    for i in (unsampled, int(right.rows[0])):
        wrong = c.copy()
        wrong[i, 33] = value
        assert not judge(wrong, right).ok


def test_exchanged_columns_are_seen() -> None:
    c, right = judged(GemmProblem(80, 64, 40), "float32")
    unsampled = np.setdiff1d(np.arange(80), right.rows)[:1]

    c[unsampled[:, None], [3, 9]] = c[unsampled[:, None], [9, 3]]

    assert not judge(c, right).ok


def test_a_result_in_lower_precision_is_seen() -> None:
    a, b = whole(GemmProblem(80, 64, 400), "float32")
    right = oracle(a, b, "float32", "float32", seed=1)
    lower = (a.astype(np.float16) @ b.astype(np.float16)).astype(np.float32)

    assert not judge(lower, right).ok


def test_a_large_k_is_widened_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = whole(GemmProblem(70, 33, 500), "float32")
    at_once = oracle(a, b, "float32", "float32", seed=3)
    monkeypatch.setattr("tenbin.kernels.gemm.verify.PIECE", 2000)
    in_pieces = oracle(a, b, "float32", "float32", seed=3)

    np.testing.assert_array_equal(at_once.rows, in_pieces.rows)
    np.testing.assert_allclose(at_once.exact, in_pieces.exact, rtol=1e-9, atol=1e-13)
    assert judge(a @ b, in_pieces).ok
