"""LeNet-5 over a test set: the same answers in any precision, and what changes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from mpi4py import MPI

from tenbin import threads
from tenbin.case import Case
from tenbin.dtypes import narrow, widen
from tenbin.errors import UsageError
from tenbin.kernel import Options, Task
from tenbin.kernels import load
from tenbin.kernels.inference import KERNEL, VARIANTS
from tenbin.kernels.inference.lenet import LeNet, add, float64_outputs, largest, relu
from tenbin.kernels.inference.problem import InferenceAxes, InferenceProblem, expand
from tenbin.kernels.inference.train import pixels, trained
from tenbin.kernels.training import data
from tenbin.topology import discover

DRAWN = InferenceProblem("glyphs", samples=200, images=40, epochs=1, batch=16)


@contextmanager
def ready(case: Case) -> Iterator[Task]:
    topology = discover(MPI.COMM_SELF)
    task = KERNEL.prepare(case, topology, Options(threads=1))
    try:
        yield task
    finally:
        task.release()
        topology.free()


def case(variant: str, dtype: str, problem: InferenceProblem = DRAWN) -> Case:
    return Case("inference", variant, dtype, problem)


HERE = [
    (name, dtype)
    for name, variant in VARIANTS.items()
    for dtype in variant.accumulate
    if not variant.missing(dtype)
]


@pytest.mark.parametrize(("variant", "dtype"), HERE)
def test_every_precision_stays_near_float64(variant: str, dtype: str) -> None:
    with ready(case(variant, dtype)) as task:
        assert not task.check().ok
        task.run()
        assert task.check().ok
        details = dict(task.details)
        task.reset(1)
        assert not task.check().ok

    assert 0.0 <= details["top1"] <= 1.0
    assert abs(details["top1_change"]) <= 0.1
    assert details["precision"] in ("fp32", "dfp16", "mfp16", "bf16")
    assert details["relative_l2"] < (1e-5 if dtype == "float32" else 0.1)
    msgspec.json.encode(details)


def test_a_trained_net_reads_digits() -> None:
    if reason := data.missing("mnist"):
        pytest.skip(reason)
    weights, test = trained("mnist", samples=3000, epochs=1, seed=1)

    outputs = float64_outputs(pixels(test.first(500)), weights)

    assert np.mean(outputs.argmax(axis=1) == test.labels[:500]) > 0.5  # chance is 0.1


@pytest.mark.parametrize("cores", [1, 2])
def test_training_is_reproducible_on_any_number_of_threads(cores: int) -> None:
    trained.cache_clear()
    one, _ = trained("glyphs", 200, 1, 1)
    trained.cache_clear()
    restore = threads.pin(cores)
    other, _ = trained("glyphs", 200, 1, 1)
    restore()

    for a, b in zip(one.filters, other.filters, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_last_batch_may_be_short() -> None:
    weights, test = trained("glyphs", 200, 1, 1)
    images = pixels(test.first(10))

    whole = LeNet(VARIANTS["im2col"].plan, "float32", weights, 10, 1)(images)
    parts = LeNet(VARIANTS["im2col"].plan, "float32", weights, 4, 1)(images)

    np.testing.assert_allclose(parts, whole, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        whole, float64_outputs(images, weights), rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_add_rectify_and_pool_as_their_values_do(dtype: str) -> None:
    random = np.random.default_rng(1)
    y = narrow(random.standard_normal((2, 4, 6, 3), np.float32), dtype)
    bias = narrow(random.standard_normal(3, np.float32), dtype)
    wide, wide_bias = (widen(a, dtype, "float32") for a in (y, bias))

    added = add(y, bias, dtype)
    sums = widen(narrow(wide + wide_bias, dtype), dtype, "float32")

    for found, expected in (
        (added, sums),
        (relu(added, dtype), np.maximum(sums, 0)),
        (largest(added, dtype), largest(sums, "float32")),
    ):
        np.testing.assert_array_equal(widen(found, dtype, "float32"), expected)


def test_the_largest_comes_before_the_bias_bit_for_bit() -> None:
    y = np.random.default_rng(2).standard_normal((2, 4, 6, 3)).astype(np.float16)
    bias = np.array([0.3, -7.0, 2e-5], np.float16)

    first, last = add(largest(y, "float16"), bias, "float16"), add(y, bias, "float16")

    np.testing.assert_array_equal(first, largest(last, "float16"))


def test_a_wrong_layer_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    right = VARIANTS["im2col"]

    def negated(*shape: Any) -> Any:
        plan = right.plan(*shape)
        return replace(plan, run=lambda *arrays: -plan.run(*arrays))

    monkeypatch.setitem(VARIANTS, "im2col", replace(right, plan=negated))

    with ready(case("im2col", "float32")) as task:
        task.run()
        assert not task.check().ok


def test_is_listed_and_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TENBIN_DATA", "/nowhere")
    nobody = InferenceProblem("fashion-mnist")

    assert load("inference") is KERNEL
    assert "no fashion-mnist in /nowhere" in KERNEL.decline(
        case("im2col", "float32", nobody)
    )
    assert KERNEL.misfit(case("half", "float32")) == (
        "half computes float16, not float32"
    )


def test_axes_are_swept_and_name_their_key() -> None:
    found = expand(InferenceAxes(dataset="glyphs", images=[10, 20]))

    assert [problem.label for problem in found] == [
        "lenet5-glyphs-10-b100",
        "lenet5-glyphs-20-b100",
    ]
    with pytest.raises(UsageError, match="images = 0; at least 1"):
        expand(InferenceAxes(images=0))
    with pytest.raises(UsageError, match="no data set emnist; choose from mnist"):
        expand(InferenceAxes(dataset="emnist"))
