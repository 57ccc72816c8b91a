"""Native convolutions of every kind of numbers: small, cancelling, exact, infinite."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.dtypes import narrow, widen
from tenbin.kernels.conv import KERNEL, NATIVE, VARIANTS
from tenbin.kernels.conv.auto import WINOGRAD
from tenbin.kernels.conv.operands import DRAWS, empty_result, operands
from tenbin.kernels.conv.problem import ConvProblem
from tenbin.kernels.conv.split import share
from tenbin.kernels.conv.verify import Oracle, judge, oracle
from tests.convolutions import SQUARE, case, whole
from tests.test_conv_problem import problems

PAIRS = [
    (name, dtype)
    for name, sums in NATIVE.items()
    for dtype in sums
    if not VARIANTS[name].missing(dtype)
]
pytestmark = pytest.mark.skipif(not PAIRS, reason="no native convolution here")


def convolved(
    problem: ConvProblem, name: str, dtype: str, pair: tuple[Any, Any], draw: str = ""
) -> tuple[Any, Oracle]:
    """Return the result and what it must be.

    The bound of sums in float16 is one of chance; where all errors have one sign it is
    that of the worst case, c = terms.
    """
    variant = VARIANTS[name]
    plan = variant.plan(problem, dtype, 1)
    result = plan.run(pair[0], plan.pack(pair[1]), empty_result(problem, dtype))
    sums = variant.sums(plan, dtype)
    one_sign = sums == "float16" and draw == "positive"
    c = float(problem.terms) if one_sign else plan.c
    return result, oracle(problem, *pair, dtype, sums, c, plan.tile)


@given(
    problem=problems(),
    pair=st.sampled_from(PAIRS),
    draw=st.sampled_from(sorted(DRAWS)),
    seed=st.integers(0, 2**32),
)
@settings(deadline=None, max_examples=150)
def test_every_kind_of_numbers_keeps_its_bound(
    problem: ConvProblem, pair: tuple[str, str], draw: str, seed: int
) -> None:
    name, dtype = pair
    if KERNEL.misfit(case(problem, name, dtype=dtype)):
        return
    drawn = operands(problem, share(problem, 1, 0), dtype, seed, draw)

    result, right = convolved(problem, name, dtype, drawn, draw)

    verdict = judge(result, right)
    assert verdict.ok, (draw, verdict)


@pytest.mark.parametrize(("name", "dtype"), PAIRS)
@pytest.mark.parametrize("draw", DRAWS)
def test_many_channels_keep_their_bound(name: str, dtype: str, draw: str) -> None:
    r = 1 if name == "pointwise" else 3
    k = 8 if name == "pixel" else 48
    problem = ConvProblem(1, 64, 14, 14, k, r, r, padding=r // 2)
    drawn = operands(problem, share(problem, 1, 0), dtype, 1, draw)

    result, right = convolved(problem, name, dtype, drawn, draw)

    verdict = judge(result, right)
    assert verdict.ok, verdict


@pytest.mark.parametrize("name", WINOGRAD)
@pytest.mark.parametrize("draw", DRAWS)
def test_outputs_of_few_products_have_the_errors_of_their_tile(
    name: str, draw: str
) -> None:
    """A corner sees one tap of one channel, which may be next to nothing."""
    if (name, "float16") not in PAIRS:
        pytest.skip(f"no native {name}")
    for seed in range(1, 6):
        problem = ConvProblem(1, 1, 17, 17, 48, 3, 3, padding=2)
        drawn = operands(problem, share(problem, 1, 0), "float16", seed, draw)

        result, right = convolved(problem, name, "float16", drawn)

        assert judge(result, right).ok
        assert not judge(result * np.float16(1.002), right).ok


@pytest.mark.parametrize("name", ["direct", "pixel", "pointwise"])
def test_small_integers_are_exact(name: str) -> None:
    if (name, "float16") not in PAIRS:
        pytest.skip(f"no native {name}")
    r = 1 if name == "pointwise" else 3
    problem = ConvProblem(2, 16, 9, 9, 12, r, r, padding=r // 2)
    drawn = operands(problem, share(problem, 1, 0), "float16", 1, "integer")

    result, right = convolved(problem, name, "float16", drawn)

    np.testing.assert_array_equal(result, right.exact)


def test_flushing_subnormal_numbers_would_be_seen() -> None:
    drawn = operands(SQUARE, share(SQUARE, 1, 0), "float16", 1, "subnormal")
    result, right = convolved(SQUARE, "direct", "float16", drawn)

    assert 0.0 < np.abs(right.exact).max() < 2.0**-14
    assert judge(result, right).ok
    assert not judge(np.zeros_like(result), right).ok


@pytest.mark.parametrize("name", WINOGRAD)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_winograd_spreads_infinities_and_fails(name: str, dtype: str) -> None:
    x, w = whole(SQUARE, dtype)
    x[0, 4, 4, 3] = narrow(np.array([np.inf], np.float32), dtype)[0]

    plain, right = convolved(SQUARE, "direct", dtype, (x, w))
    result, _ = convolved(SQUARE, name, dtype, (x, w))

    touched = ~np.isfinite(widen(result, dtype, "float64"))
    assert judge(plain, right).ok
    assert not judge(result, right).ok
    assert np.isnan(widen(result, dtype, "float64")).any()
    assert touched[0, 3:6, 3:6].all()
    assert not touched[1].any()


@pytest.mark.parametrize("name", WINOGRAD)
def test_winograd_overflows_before_the_sum_does(name: str) -> None:
    x, w = (np.abs(widen(a, "bfloat16", "float32")) for a in whole(SQUARE, "bfloat16"))
    pair = narrow(x / x.max() * 3e38, "bfloat16"), narrow(w, "bfloat16")

    plain, right = convolved(SQUARE, "direct", "bfloat16", pair)
    result, _ = convolved(SQUARE, name, "bfloat16", pair)

    assert judge(plain, right).ok
    assert np.isinf(widen(plain, "bfloat16", "float32")).any()
    assert not judge(result, right).ok


@pytest.mark.parametrize("name", WINOGRAD)
def test_winograd_rounds_to_infinity_as_float16_does(name: str) -> None:
    problem = replace(SQUARE, n=1)
    x, w = (np.abs(a) for a in whole(problem, "float16"))

    result, right = convolved(problem, name, "float16", (x * np.float16(15000), w))

    assert np.isinf(result).any()
    assert judge(result, right).ok
