"""Convolution: seeded operands, the variants, their tasks, and what is declined."""

from dataclasses import replace
from importlib import import_module
from itertools import product
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.case import Case
from tenbin.dtypes import narrow, widen
from tenbin.kernel import Options
from tenbin.kernels import load
from tenbin.kernels.conv import DTYPES, KERNEL, VARIANTS
from tenbin.kernels.conv.auto import choose
from tenbin.kernels.conv.native import in_matrix_unit
from tenbin.kernels.conv.operands import as_nhwc, empty_result, operands
from tenbin.kernels.conv.presets import PRESETS
from tenbin.kernels.conv.problem import DIRECTIONS, LAYOUTS, ConvProblem
from tenbin.kernels.conv.reference import convolve
from tenbin.kernels.conv.split import share
from tenbin.kernels.conv.verify import judge, oracle
from tests.tasks import ready
from tests.test_conv_problem import problems

SQUARE = ConvProblem(2, 8, 9, 9, 16, 3, 3, padding=1)
HERE = [
    name
    for name, variant in VARIANTS.items()
    if not all(variant.missing(dtype) for dtype in variant.accumulate)
]


def whole(problem: ConvProblem, dtype: str, seed: int = 1) -> tuple[Any, Any]:
    return operands(problem, share(problem, 1, 0), dtype, seed)


def case(problem: ConvProblem, variant: str = "im2col", **more: Any) -> Case:
    given = {"kernel": "conv", "dtype": "float16", **more}
    return Case(**given, variant=variant, problem=problem)


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
    wanted = case(problem, variant, dtype=dtype)
    if KERNEL.decline(wanted) or KERNEL.misfit(wanted):
        return
    chosen = VARIANTS[variant]
    first, second = whole(problem, dtype, seed)

    plan = chosen.plan(problem, dtype, 1)
    out = plan.place(empty_result(problem, dtype))
    result = plan.read(plan.run(plan.load(first), plan.pack(second), out))

    right = oracle(problem, first, second, dtype, chosen.accumulate[dtype], plan.c)
    verdict = judge(result, right)
    assert verdict.ok, verdict


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


@pytest.mark.parametrize(
    ("problem", "wanted"),
    [
        (ConvProblem(1, 64, 56, 56, 64, 3, 3, padding=1), "winograd4"),
        (ConvProblem(1, 256, 14, 14, 256, 3, 3, padding=1), "winograd2"),
        (ConvProblem(1, 512, 7, 7, 512, 3, 3, padding=1), "direct"),
        (ConvProblem(1, 64, 56, 56, 64, 3, 3, 2, padding=1), "direct"),
        (ConvProblem(1, 3, 224, 224, 64, 3, 3, padding=1), "direct"),
        (ConvProblem(1, 64, 56, 56, 256, 1, 1), "pointwise"),
        (ConvProblem(64, 1, 28, 28, 6, 5, 5, padding=2), "pixel"),
        (ConvProblem(1, 8, 9, 9, 8, 3, 3, direction="backward-data"), "direct"),
    ],
)
def test_auto_picks_by_shape_and_says_why(
    problem: ConvProblem, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reason := VARIANTS["pixel"].missing("float16"):
        pytest.skip(reason)
    rules = import_module("tenbin.kernels.conv.auto")
    monkeypatch.setattr(rules, "in_matrix_unit", lambda name, dtype: False)

    name, why = choose(problem, "float16")

    assert name == wanted
    with ready(case(replace(problem, n=1), "auto")) as task:
        assert task.details["why"]
    assert why


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize(
    ("problem", "wanted"),
    [
        (ConvProblem(1, 64, 56, 56, 64, 3, 3, padding=1), "dot"),
        (ConvProblem(1, 64, 56, 56, 256, 1, 1), "dot"),
        (ConvProblem(64, 1, 28, 28, 6, 5, 5, padding=2), "pixel"),
        (ConvProblem(1, 8, 9, 9, 8, 3, 3, direction="backward-data"), "direct"),
    ],
)
def test_auto_picks_the_matrix_unit_where_there_is_one(
    problem: ConvProblem, wanted: str, dtype: str
) -> None:
    if not in_matrix_unit("dot", dtype):
        pytest.skip(f"no matrix unit for {dtype}")

    assert choose(problem, dtype)[0] == wanted
