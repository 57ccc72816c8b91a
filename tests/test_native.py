"""The native loops do the work they report, on every ISA this CPU has."""

import json
import mmap
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

native = pytest.importorskip(
    "tenbin.kernels.native._native", reason="the native module is not built"
)

ROWS = native.rows()
FMA = [row[1:] for row in ROWS if row[0] == "fma"]
READ = [isa for operation, _, isa in ROWS if operation == "read"]
TRIAD = [isa for operation, _, isa in ROWS if operation == "triad"]
FLOPS_PER_STEP = {  # 2 x lanes x chains, twice for a dot product of pairs
    ("float32", "scalar"): 2 * 12,
    ("float64", "scalar"): 2 * 12,
    ("float32", "neon"): 2 * 4 * 24,
    ("float64", "neon"): 2 * 2 * 24,
    ("float16", "sve512"): 2 * 32 * 24,
    ("float32", "sve512"): 2 * 16 * 24,
    ("float64", "sve512"): 2 * 8 * 24,
    ("float32", "avx2"): 2 * 8 * 12,
    ("float64", "avx2"): 2 * 4 * 12,
    ("float32", "avx512"): 2 * 16 * 16,
    ("float64", "avx512"): 2 * 8 * 16,
    ("bfloat16", "avx512bf16"): 2 * 2 * 16 * 16,
    ("float16", "avx512fp16"): 2 * 32 * 16,
}


def create_words(count: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    pages = mmap.mmap(-1, 8 * count)  # page-aligned
    return np.frombuffer(pages, dtype=np.uint64)


def in_new_process(code: str, **environ: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environ},
        timeout=60,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(("dtype", "isa"), FMA)
@given(steps=st.integers(0, 5000))
@settings(max_examples=20, deadline=None)
def test_counts_every_flop(dtype: str, isa: str, steps: int) -> None:
    flops, begin_ns, end_ns, _ = native.fma_peak(dtype, steps, isa=isa)

    assert flops == FLOPS_PER_STEP[dtype, isa] * steps
    assert end_ns >= begin_ns


@pytest.mark.parametrize(("dtype", "isa"), FMA)
def test_counts_beyond_the_exact_range_of_a_lane(dtype: str, isa: str) -> None:
    steps = 2100 if dtype == "float16" else 2**20 + 3

    assert native.fma_peak(dtype, steps, isa)[0] == FLOPS_PER_STEP[dtype, isa] * steps


@pytest.mark.parametrize(("dtype", "isa"), FMA)
def test_chains_are_not_merged(dtype: str, isa: str) -> None:
    """No core has more than two pipes at 6.5 GHz, or on ARM four at 5 GHz."""
    pipes_times_hertz = 4 * 5e9 if isa == "neon" else 2 * 6.5e9
    chains = {"neon": 24, "sve512": 24, "avx2": 12, "scalar": 12}.get(isa, 16)

    flops, begin_ns, end_ns, _ = native.fma_peak(dtype, 300_000, isa)

    rate = flops / (end_ns - begin_ns) * 1e9
    assert rate < FLOPS_PER_STEP[dtype, isa] / chains * pipes_times_hertz


def test_clock_is_that_of_python() -> None:
    before = time.perf_counter_ns()
    _, begin_ns, end_ns, cpu_ns = native.fma_peak("float32", 1000)
    after = time.perf_counter_ns()

    assert before <= begin_ns <= end_ns <= after
    assert 0 <= cpu_ns <= after - before


@pytest.mark.parametrize("isa", READ)
@given(blocks=st.integers(1, 40), passes=st.integers(0, 5), seed=st.integers(0, 9))
@settings(max_examples=20, deadline=None)
def test_reads_every_word(isa: str, blocks: int, passes: int, seed: int) -> None:
    words = create_words(blocks * native.BLOCK_BYTES // 8)
    rng = np.random.default_rng(seed)
    words[:] = rng.integers(0, 2**64 - 1, words.size, dtype=np.uint64)

    work, _, _, _, total = native.read_bandwidth(words, passes, isa)

    assert work == words.nbytes * passes
    assert total == sum(words.tolist()) * passes % 2**64


@pytest.mark.parametrize("isa", TRIAD)
@given(blocks=st.integers(1, 20))
@settings(max_examples=10, deadline=None)
def test_triad_writes_its_array_and_no_other(isa: str, blocks: int) -> None:
    count = blocks * native.BLOCK_BYTES // 8
    canary = native.BLOCK_BYTES // 8
    memory = create_words(3 * count + canary).view(np.float64)
    a, b, c, behind = np.split(memory, [count, 2 * count, 3 * count])
    b[:], c[:], behind[:] = np.arange(count), np.arange(count) + 0.5, -1.0

    work, *_ = native.triad_bandwidth(a, b, c, 2, isa)

    assert work == 2 * 24 * count
    assert np.array_equal(a, np.arange(count) * 3.0 + 1.0)
    assert np.array_equal(b, np.arange(count))
    assert np.all(behind == -1.0)


def test_loops_run_at_the_same_time_as_python() -> None:
    counted = 0
    done = threading.Event()

    def loop() -> None:
        native.fma_peak("float32", 5_000_000, "scalar")
        done.set()

    thread = threading.Thread(target=loop)
    thread.start()
    while not done.is_set():
        counted += 1
    thread.join()

    assert counted > 100  # with the lock held it would be one or two


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: native.fma_peak("int4", 1), "no native fma of int4"),
        (lambda: native.fma_peak("float32", -1), "must not be negative"),
        (lambda: native.fma_peak("float32", 1, "mmx"), "isa mmx: not an ISA of this"),
        (lambda: native.read_bandwidth(b"", 1), "multiple of 512"),
        (lambda: native.read_bandwidth(create_words(65), 1), "multiple of 512"),
        (lambda: native.read_bandwidth(create_words(65)[1:], 1), "aligned to 64"),
        (
            lambda: native.triad_bandwidth(
                create_words(64), create_words(64), create_words(128), 1
            ),
            "must be equal",
        ),
    ],
)
def test_refuses_bad_input(call: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_refuses_to_write_to_a_constant() -> None:
    words = create_words(64)

    with pytest.raises(TypeError, match="read-write"):
        native.triad_bandwidth(bytes(512), words, words, 1)


@pytest.mark.parametrize("isa", READ)
def test_environment_lowers_the_isa(isa: str) -> None:
    code = """if True:
        import json
        from tenbin.kernels.native import _native as n
        kinds = [n.chosen(*row[:2]) for row in n.rows() if row[1] == "float64"]
        print(json.dumps(kinds))
    """

    assert set(in_new_process(code, TENBIN_ISA=isa)) == {isa}


@pytest.mark.parametrize("isa", ["sse9", "scalar2", "x" * 100, "SCALAR"])
def test_wrong_isa_is_an_error_where_it_is_used(isa: str) -> None:
    code = """if True:
        import json
        from tenbin.kernels.native import _native as n
        try:
            n.fma_peak("float32", 1)
        except ValueError as error:
            said = str(error)
        print(json.dumps([said, n.fma_peak("float32", 1, "scalar")[0], n.isas()]))
    """

    said, flops, isas = in_new_process(code, TENBIN_ISA=isa)

    assert said.startswith(f"TENBIN_ISA {isa[:30]}")
    assert said.endswith("choose from " + ", ".join(isas))
    assert flops == FLOPS_PER_STEP["float32", "scalar"]


def test_wrong_isa_is_a_usage_error_for_the_user() -> None:
    code = """if True:
        import json
        from tenbin.errors import UsageError
        from tenbin.machine import doctor
        from tenbin.peak import measure_peaks
        try:
            measure_peaks()
        except UsageError as error:
            said = str(error)
        print(json.dumps([said, doctor()[0].level]))
    """

    said, level = in_new_process(code, TENBIN_ISA="sse9")

    assert "TENBIN_ISA sse9" in said
    assert level == "fail"
