"""The command line speaks plainly, answers quickly, and keeps its exit codes."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tenbin.launcher import find_mpiexec
from tenbin.results import store

TENBIN = [sys.executable, "-m", "tenbin"]
HELP_LIMIT_S = 0.3


def run(*arguments: str, under: int = 0) -> subprocess.CompletedProcess[str]:
    start = find_mpiexec().arguments(under, os.cpu_count() or 1) if under else []
    return subprocess.run(
        [*start, *TENBIN, *arguments],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_help_names_every_verb_in_time() -> None:
    times_s = []
    for _ in range(5):
        start = time.perf_counter()
        shown = run("--help")
        times_s.append(time.perf_counter() - start)

    assert shown.returncode == 0
    for verb in ("list", "doctor", "bench", "run", "report"):
        assert verb in shown.stdout
    assert min(times_s) < HELP_LIMIT_S


@pytest.mark.parametrize("verb", ["list", "doctor", "bench", "run", "report"])
def test_every_verb_explains_itself(verb: str) -> None:
    shown = run(verb, "--help")

    assert shown.returncode == 0
    assert "Usage" in shown.stdout


def test_list_shows_kernels_variants_and_presets() -> None:
    found = json.loads(run("list", "--format", "json").stdout)

    assert {"library", "flat", "two-level"} <= set(
        found["kernels"]["allreduce"]["variants"]
    )
    assert {"reference", "numpy", "cupy"} <= set(found["kernels"]["gemm"]["variants"])
    assert "quick" in found["studies"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bench", "gemm", "--variant", "nmpy"], ["nmpy", "reference"]),
        (["bench", "gemm", "-m", "0", "-n", "1", "-k", "1"], ["m"]),
        (["bench", "allreduce", "--sizes", "12 parsecs"], ["12 parsecs"]),
        (["bench", "alreduce"], ["alreduce"]),
        (["run", "no-such-study"], ["no-such-study", "quick"]),
        (["frobnicate"], ["frobnicate"]),
    ],
)
def test_bad_input_is_exit_2_without_a_traceback(
    arguments: list[str], words: list[str]
) -> None:
    ended = run(*arguments)

    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    for word in words:
        assert word in ended.stderr


def test_a_report_of_nothing_is_exit_5(tmp_path: Path) -> None:
    ended = run("report", str(tmp_path))

    assert ended.returncode == 5
    assert str(tmp_path) in ended.stderr


def test_bench_gemm_prints_a_line_per_problem() -> None:
    ended = run("bench", "gemm", "-m", "64,96", "-n", "32", "-k", "48",
                "--variant", "numpy,reference", "--budget", "0.02")  # fmt: skip

    lines = ended.stdout.splitlines()
    assert ended.returncode == 0, ended.stderr
    assert len(lines) == 1 + 4
    assert "GFLOP/s" in lines[0]
    assert all(" ok" in line for line in lines[1:])


def test_bench_under_mpiexec_prints_one_aligned_table_from_rank_0() -> None:
    ended = run("bench", "allreduce", "--sizes", "1KiB:4KiB", "--algorithm",
                "library,flat,2x2", "--budget", "0.02", under=4)  # fmt: skip

    lines = ended.stdout.splitlines()
    assert ended.returncode == 0, ended.stderr
    assert len(lines) == 1 + 3 * 3
    assert "busbw" in lines[0]
    assert lines[0].index("check") + 5 == lines[1].index(" ok") + 3


def test_an_error_under_mpiexec_is_said_once() -> None:
    ended = run("bench", "allreduce", "--sizes", "1KiB", "--algorithm", "3x3", under=2)

    assert ended.returncode == 2
    assert ended.stderr.count("3x3 needs 9 ranks") == 1


def test_bench_starts_ranks_of_its_own_and_keeps_records(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ended = run("bench", "allreduce", "--sizes", "8B,1KiB", "--ranks", "2", "--variant",
                "library", "--launches", "2", "--budget", "0.02", "--out", str(out),
                "--format", "json")  # fmt: skip

    rows = json.loads(ended.stdout)
    assert ended.returncode == 0, ended.stderr
    assert [row["ranks"] for row in rows] == [2, 2, 2, 2]
    assert len(store.valid_points(store.read_run(out))) == 4


def test_bench_with_own_ranks_needs_no_folder() -> None:
    ended = run("bench", "allreduce", "--sizes", "8B", "--ranks", "2", "--variant",
                "flat", "--budget", "0.02")  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.splitlines()) == 2


def test_run_under_mpiexec_is_refused() -> None:
    ended = run("run", "quick", under=2)

    assert ended.returncode != 0
    assert "without mpiexec" in ended.stderr
