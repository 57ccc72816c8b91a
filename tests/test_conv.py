"""Convolution: seeded operands, the variants, their tasks, and what is declined."""

from dataclasses import replace
from itertools import product
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.case import Case
from tenbin.dtypes import widen
from tenbin.kernel import Options
from tenbin.kernels import load
from tenbin.kernels.conv import DTYPES, KERNEL, NATIVE, VARIANTS
from tenbin.kernels.conv.operands import empty_result
from tenbin.kernels.conv.presets import PRESETS
from tenbin.kernels.conv.problem import DIRECTIONS, LAYOUTS, ConvProblem
from tenbin.kernels.conv.reference import convolve
from tenbin.kernels.conv.verify import judge, oracle
from tests.convolutions import SQUARE, case, whole
from tests.tasks import ready
from tests.test_conv_problem import problems

HERE = [
    name
    for name, variant in VARIANTS.items()
    if not all(variant.missing(dtype) for dtype in variant.accumulate)
]


def by_definition(problem: ConvProblem, x: Any, w: Any) -> Any:
    """Return y by the seven loops of the textbook."""
    y = np.zeros((problem.n, problem.p, problem.q, problem.k))
    k_each, c_each = problem.k // problem.groups, problem.depth
    for n, p, q, k in np.ndindex(y.shape):
        first = k // k_each * c_each
        for r, s in product(range(problem.r), range(problem.s)):
            i = p * problem.stride + r * problem.dilation - problem.padding
            j = q * problem.stride + s * problem.dilation - problem.padding
            if 0 <= i < problem.h and 0 <= j < problem.w:
                y[n, p, q, k] += x[n, i, j, first : first + c_each] @ w[k, r, s]
    return y


@given(problem=problems(4))
@settings(deadline=None, max_examples=50)
def test_reference_is_the_definition(problem: ConvProblem) -> None:
    forward = replace(problem, direction="forward", layout="nhwc")
    x, w = (widen(a, "float32", "float64") for a in whole(forward, "float32"))

    np.testing.assert_allclose(
        convolve(forward, x, w), by_definition(forward, x, w), atol=1e-12
    )


@given(problem=problems(5))
@settings(deadline=None, max_examples=50)
def test_gradients_are_adjoint_to_the_convolution(problem: ConvProblem) -> None:
    forward = replace(problem, direction="forward", layout="nhwc")
    x, w = (a.astype(float) for a in whole(forward, "float32"))
    y = convolve(forward, x, w)
    dy = np.random.default_rng(1).standard_normal(y.shape)

    dx = convolve(replace(forward, direction="backward-data"), dy, w)
    dw = convolve(replace(forward, direction="backward-weights"), x, dy)

    product = np.vdot(y, dy)
    np.testing.assert_allclose([np.vdot(x, dx), np.vdot(w, dw)], product, atol=1e-9)


def keeps_its_bound(problem: ConvProblem, variant: str, dtype: str, seed: int) -> None:
    """Compute what is not declined, and judge it."""
    wanted = case(problem, variant, dtype=dtype)
    if KERNEL.decline(wanted) or KERNEL.misfit(wanted):
        return
    chosen = VARIANTS[variant]
    first, second = whole(problem, dtype, seed)

    plan = chosen.plan(problem, dtype, 1)
    out = plan.place(empty_result(problem, dtype))
    result = plan.read(plan.run(plan.load(first), plan.pack(second), out))

    sums = chosen.sums(plan, dtype)
    right = oracle(problem, first, second, dtype, sums, plan.c, plan.tile)
    verdict = judge(result, right)
    assert verdict.ok, verdict


@given(
    problem=problems(),
    variant=st.sampled_from(HERE),
    dtype=st.sampled_from(DTYPES),
    seed=st.integers(0, 2**32),
)
@settings(deadline=None, max_examples=100)
def test_every_variant_keeps_its_bound(
    problem: ConvProblem, variant: str, dtype: str, seed: int
) -> None:
    keeps_its_bound(problem, variant, dtype, seed)


@pytest.mark.parametrize("variant", [name for name in NATIVE if name in HERE])
@pytest.mark.parametrize(("taps", "padding"), [(1, 0), (3, 0), (3, 2), (5, 1)])
@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_gradient_of_x_is_a_convolution_of_that_of_y(
    variant: str, taps: int, padding: int, groups: int, layout: str
) -> None:
    problem = ConvProblem(
        2, 32, 12, 9, 12, taps, taps, 1, padding, 1, groups, "backward-data", layout
    )
    keeps_its_bound(problem, variant, "float16", 1)


def test_every_variant_is_listed_and_can_say_why_not() -> None:
    assert load("conv") is KERNEL
    for name, dtype in product(KERNEL.variants, DTYPES):
        assert "\n" not in KERNEL.decline(case(SQUARE, name, dtype=dtype))


@pytest.mark.parametrize("variant", HERE)
@pytest.mark.parametrize("problem", PRESETS["smoke"], ids=lambda p: p.label)
def test_smoke_passes_its_check(problem: ConvProblem, variant: str) -> None:
    for direction, layout, dtype in product(DIRECTIONS, LAYOUTS, DTYPES):
        wanted = replace(problem, direction=direction, layout=layout)
        if KERNEL.decline(case(wanted, variant, dtype=dtype)):
            continue
        options = Options(pool_bytes=2**20)
        with ready(case(wanted, variant, dtype=dtype), options) as task:
            for repetition in range(3):
                task.reset(repetition)
                assert not task.check().ok
                task.run()
                assert task.check().ok
            msgspec.json.encode(task.details)


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (case(SQUARE, "half", dtype="float32"), "half computes float16, not float32"),
        (
            case(ConvProblem(1, 2, 9, 9, 2, 3, 3), ranks=3),
            "1x2x9x9-2x3x3 cannot be split over 3 ranks",
        ),
        (
            case(ConvProblem(64, 64, 112, 112, 64, 3, 3), "half"),
            "half float16 would take 114 s a call; limit 20.0 s",
        ),
    ],
)
def test_declines_in_one_line(wanted: Case, reason: str) -> None:
    assert KERNEL.decline(wanted) == reason


def test_declines_what_memory_cannot_hold() -> None:
    assert "memory on a node" in KERNEL.decline(case(SQUARE.times(10**8)))


def test_details_say_what_ran_and_how_exact_it_was() -> None:
    vgg = replace(PRESETS["vgg-16"][8], cold="none")
    with ready(case(vgg)) as task:
        task.reset(0)
        task.run()
        assert task.check().ok
        details = dict(task.details)
    assert details["networks"]["vgg-16"]["count"] == 3
    assert details["flops_unpadded"] < vgg.flops
    assert details["accumulate"] == "float32"
    assert 1.5e-4 < details["relative_l2"] < 2.5e-4  # one rounding to float16
    assert abs(details["bias"]) < 1e-5
    assert details["excess"] < 1.0
    assert (details["pool_sets"], details["cold"]) == (1, False)
    msgspec.json.encode(details)


@pytest.mark.parametrize(("cold", "images"), [("all", 4), ("weights", 1)])
def test_what_comes_cold_is_what_rotates(cold: str, images: int) -> None:
    from tenbin.kernels.conv.pool import Pool

    problem = replace(SQUARE, cold=cold)
    plan = VARIANTS["im2col"].plan(problem, "float16", 1)
    pool = Pool(plan, problem, "float16", whole(problem, "float16"), sets=4)
    seen = []

    for repetition in range(8):
        pool.select(repetition)
        seen.append([array.ctypes.data for array in pool.current])

    assert seen[:4] == seen[4:]
    first, weights, out = (set(addresses) for addresses in zip(*seen, strict=True))
    assert (len(first), len(weights), len(out)) == (images, 4, images)


def test_a_skipped_run_is_wrong() -> None:
    with ready(case(SQUARE)) as task:
        task.reset(0)
        task.run()
        assert task.check().ok
        task.reset(1)
        assert not task.check().ok


def test_a_wrong_variant_fails_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    right = VARIANTS["im2col"]

    def lazy(problem: ConvProblem, dtype: str, threads: int) -> Any:
        plan = right.plan(problem, dtype, threads)

        def run(first: Any, second: Any, out: Any) -> Any:
            plan.run(first, second, out)
            out[-1, -1, -1, -1] = 0.0
            return out

        return replace(plan, run=run)

    monkeypatch.setitem(VARIANTS, "im2col", replace(right, plan=lazy))

    with ready(case(SQUARE)) as task:
        task.reset(0)
        task.run()
        assert not task.check().ok
        assert "relative_l2" not in task.details
