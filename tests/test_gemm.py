"""GEMM: seeded operands, the variants, their tasks, and what is declined."""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from tenbin.case import Case
from tenbin.dtypes import named, widen
from tenbin.kernel import Options
from tenbin.kernels import load
from tenbin.kernels.gemm import KERNEL, VARIANTS
from tenbin.kernels.gemm.operands import operands
from tenbin.kernels.gemm.pool import Pool
from tenbin.kernels.gemm.presets import PRESETS
from tenbin.kernels.gemm.problem import TRANSPOSES, GemmProblem
from tests.tasks import ready

DTYPES = ("float16", "bfloat16", "float32", "float64")
sizes = st.integers(1, 33)
transposes = st.sampled_from(TRANSPOSES)
dtypes = st.sampled_from(DTYPES)


def whole(problem: GemmProblem, dtype: str, seed: int = 1) -> tuple[Any, Any]:
    return operands(problem, range(problem.m), range(problem.n), dtype, seed)


def case(problem: GemmProblem, variant: str = "numpy", **more: Any) -> Case:
    return Case(
        **{"kernel": "gemm", "dtype": "float32", **more},
        variant=variant,
        problem=problem,
    )


@given(
    n=st.integers(1, 70), ranks=st.integers(1, 4), transpose=transposes, dtype=dtypes
)
@settings(deadline=None)
def test_operands_do_not_depend_on_the_ranks(
    n: int, ranks: int, transpose: str, dtype: str
) -> None:
    problem = GemmProblem(40, n, 9, transpose)
    a, b = whole(problem, dtype)

    for rank in range(ranks):
        rows, columns = problem.block(ranks, rank)
        part_a, part_b = operands(problem, rows, columns, dtype, seed=1)
        np.testing.assert_array_equal(part_a, a[rows.start : rows.stop])
        np.testing.assert_array_equal(part_b, b[:, columns.start : columns.stop])


@pytest.mark.parametrize("dtype", DTYPES)
def test_operands_are_normals_without_zeros(dtype: str) -> None:
    a, b = whole(GemmProblem(300, 200, 256), dtype)

    for matrix in (a, b):
        assert named(matrix) == dtype
        assert np.count_nonzero(matrix) == matrix.size
        assert float(np.std(widen(matrix, dtype, "float64"))) == pytest.approx(
            0.25, rel=0.02
        )
    assert not np.array_equal(a[:200].ravel(), b.T.ravel())
    assert not np.array_equal(a, whole(GemmProblem(300, 200, 256), dtype, seed=2)[0])


@pytest.mark.parametrize("transpose", TRANSPOSES)
def test_operands_are_stored_as_the_problem_says(transpose: str) -> None:
    a, b = whole(GemmProblem(5, 6, 7, transpose), "float32")

    assert a.shape == (5, 7)
    assert b.shape == (7, 6)
    assert (a if transpose[0] == "n" else a.T).flags.c_contiguous
    assert (b if transpose[1] == "n" else b.T).flags.c_contiguous


def test_pool_rotates_equal_sets_in_different_memory() -> None:
    a, b = whole(GemmProblem(4, 5, 6, "tn"), "float32")
    pool = Pool(np, a, b, sets=3)
    seen = []

    for repetition in range(6):
        pool.select(repetition)
        np.testing.assert_array_equal(pool.current[0], a)
        np.testing.assert_array_equal(pool.current[1], b)
        assert pool.current[0].flags.f_contiguous
        seen.append([matrix.ctypes.data for matrix in pool.current])

    assert seen[:3] == seen[3:]
    assert len({address for addresses in seen for address in addresses}) == 9


def test_numpy_float16_accumulates_in_float32() -> None:
    ones = np.ones((1, 4097), np.float16)
    small = np.full((4097, 1), 2.0**-12, np.float16)
    small[0] = 1.0

    assert (ones @ small).item() == 2.0  # float16 sums would stay at 1


def test_every_variant_is_listed_and_can_say_why_not() -> None:
    assert load("gemm") is KERNEL
    for name in KERNEL.variants:
        assert "\n" not in KERNEL.decline(case(GemmProblem(8, 8, 8), name))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("variant", ["reference", "numpy", "native", "torch"])
@pytest.mark.parametrize("problem", PRESETS["smoke"], ids=lambda p: p.label)
def test_smoke_passes_its_check(problem: GemmProblem, variant: str, dtype: str) -> None:
    if reason := KERNEL.decline(case(problem, variant, dtype=dtype)):
        pytest.skip(reason)
    with ready(case(problem, variant, dtype=dtype), Options()) as task:
        for repetition in range(3):
            task.reset(repetition)
            assert not task.check().ok
            task.run()
            assert task.check().ok


def test_cupy_declines_without_a_gpu() -> None:
    reason = VARIANTS["cupy"].missing()
    if not reason:
        pytest.skip("there is a GPU here")

    assert reason.startswith("no GPU")
    assert KERNEL.decline(case(GemmProblem(8, 8, 8), "cupy")) == reason


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        (case(GemmProblem(3, 2, 9), ranks=4), "3x2x9-nn cannot be split over 4 ranks"),
        (
            case(GemmProblem(2560, 7000, 2560), dtype="float16"),
            "numpy float16 would take 184 s a call; limit 20.0 s",
        ),
        (
            case(GemmProblem(2560, 7000, 2560), "reference"),
            "reference float32 would take 91.8 s a call; limit 20.0 s",
        ),
    ],
)
def test_declines_in_one_line(wanted: Case, reason: str) -> None:
    assert KERNEL.decline(wanted) == reason


def test_declines_what_memory_cannot_hold() -> None:
    wanted = case(GemmProblem(10**7, 10**6, 10**6))

    assert "memory on a node" in KERNEL.decline(wanted)


def test_more_ranks_make_a_slow_case_feasible() -> None:
    problem = GemmProblem(1760, 7000, 1760)

    assert KERNEL.decline(case(problem, dtype="float16"))
    assert not KERNEL.decline(case(problem, dtype="float16", ranks=8, scaling="strong"))


def test_threads_are_pinned_and_restored() -> None:
    before = threadpool_info()

    with ready(case(GemmProblem(8, 8, 8))) as task:
        threads = task.details["threads"]
        assert {pool["num_threads"] for pool in blas(threadpool_info())} == {threads}

    assert threads >= 1
    assert blas(threadpool_info()) == blas(before)


def blas(pools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [pool for pool in pools if pool["user_api"] == "blas"]


def test_details_say_what_ran() -> None:
    with ready(case(GemmProblem(8, 8, 8))) as hot:
        assert hot.details["accumulate"] == "float32"
        assert hot.details["pool_sets"] == 1
        assert "slow_baseline" not in hot.details
    with ready(case(GemmProblem(256, 256, 256), dtype="float16"), Options()) as cold:
        assert cold.details["slow_baseline"] is True
        assert (cold.details["blas"], cold.details["threads"]) == ("none", 1)
        assert cold.details["pool_sets"] > 1
    msgspec.json.encode([hot.details, cold.details])


def test_a_skipped_run_is_wrong() -> None:
    with ready(case(GemmProblem(64, 64, 64))) as task:
        task.reset(0)
        task.run()
        assert task.check().ok
        task.reset(1)
        assert not task.check().ok


def test_a_wrong_variant_fails_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    def lazy(a: Any, b: Any, out: Any) -> Any:
        np.matmul(a, b, out=out)
        out[-1, -1] = 0.0
        return out

    broken = replace(VARIANTS["numpy"], run=lazy)
    monkeypatch.setitem(VARIANTS, "numpy", broken)

    with ready(case(GemmProblem(200, 200, 64))) as task:
        task.reset(0)
        task.run()
        assert not task.check().ok
