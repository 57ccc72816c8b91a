"""`tenbin run` survives what ranks and users do to it, and leaves nothing behind."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tenbin.launcher import launch
from tenbin.leftovers import remove_segments
from tenbin.results import store

FAULTY = Path(__file__).with_name("faulty.py")
TENBIN = [sys.executable, "-m", "tenbin"]


def write_study(
    folder: Path, variants: list[str], ranks: str = "2", **rest: str
) -> Path:
    path = folder / "study.toml"
    launch_keys = rest.get("launch", "")
    measure_keys = rest.get("measure", "budget_s = 0.02\ntimeout_s = 5.0")
    path.write_text(
        f'[kernels]\nfaulty = "{FAULTY}"\n'
        f"[launch]\nranks = {ranks}\n{launch_keys}\n[measure]\n{measure_keys}\n"
        f'[[bench]]\nkernel = "faulty"\nvariant = {variants}\n'
        f"steps = {rest.get('steps', '1')}\n"
    )
    return path


def run(study: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [*TENBIN, "run", str(study), "--out", str(out), "--no-report"]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False
    )


def workers(out: Path) -> list[int]:
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if str(out) in line and "tenbin.worker" in line:
            found.append(process.pid)
    return found


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("raise", "failed", "planted failure"),
        ("exit", "failed", "exit code"),
        ("leave", None, ""),
        ("kill", "failed", "exit code"),
        ("hang", "timeout", "no progress in 5 s"),
        ("wrong", "wrong", "planted"),
    ],
)
def test_a_misbehaving_rank_ends_its_case_and_nothing_else(
    tmp_path: Path, fault: str, status: str | None, reason: str
) -> None:
    started = time.time()
    study = write_study(tmp_path, [fault, "fine"], ranks="3", steps="[1, 2]")

    ended = run(study, tmp_path / "out")

    (found,) = store.load([tmp_path / "out"])
    by_variant = {
        name: [record for record in found.records if record.variant == name]
        for name in (fault, "fine")
    }
    assert [record.status for record in by_variant["fine"]] == ["ok", "ok"]
    assert len(by_variant[fault]) == 2
    for record in by_variant[fault]:
        assert record.status in ([status] if status else ["failed", "timeout"])
        assert reason in record.reason
        assert record.status == "wrong" or record.samples is None
    assert ended.returncode == 1
    assert fault in ended.stderr
    assert not workers(tmp_path / "out")
    assert remove_segments(started) == []


def test_a_killed_run_goes_on_without_repeating_valid_cases(tmp_path: Path) -> None:
    study = write_study(
        tmp_path,
        ["fine"],
        steps=str(list(range(1, 41))),
        measure="budget_s = 0.05\nmax_repetitions = 40",
    )
    out = tmp_path / "out"
    order = random.Random(7)
    command = [*TENBIN, "run", str(study), "--out", str(out), "--no-report"]
    for _ in range(4):
        process = subprocess.Popen(command, stdout=-3, stderr=-3)
        time.sleep(order.uniform(0.2, 4.0))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        wait_for_no_workers(out)

    ended = run(study, out)

    assert ended.returncode == 0, ended.stderr
    lines = [line for line in (out / "records.jsonl").read_text().splitlines() if line]
    (found,) = store.load([out])
    assert len({record.case for record in found.records}) == 40
    assert all(record.valid for record in found.records)
    assert len(lines) - found.skipped.torn == 40


def wait_for_no_workers(out: Path) -> None:
    limit = time.monotonic() + 10
    while workers(out) and time.monotonic() < limit:
        time.sleep(0.05)
    assert not workers(out)


def test_a_run_folder_of_another_study_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(write_study(tmp_path, ["fine"]), out)

    ended = run(write_study(tmp_path, ["fine"], steps="2"), out)

    assert ended.returncode == 2
    assert "another study" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_every_launch_weighs_every_case(tmp_path: Path) -> None:
    study = write_study(
        tmp_path, ["fine"], ranks="[1, 2]", launch="launches = 2", steps="[1, 2]"
    )

    assert run(study, tmp_path / "out").returncode == 0

    (found,) = store.load([tmp_path / "out"])
    assert len(store.valid_points(found)) == 2 * 2 * 2
    assert {record.ranks for record in found.records} == {1, 2}
    assert all(len(record.hosts) == record.ranks for record in found.records)


def test_dry_run_prints_the_cases_and_starts_nothing(tmp_path: Path) -> None:
    study = write_study(tmp_path, ["fine", "hang"])

    ended = subprocess.run(
        [*TENBIN, "run", str(study), "--dry-run"],
        capture_output=True, text=True, cwd=tmp_path, check=True,
    )  # fmt: skip

    assert ended.stdout.splitlines() == [
        "faulty/fine/float32/1steps/fixed/2x1",
        "faulty/hang/float32/1steps/fixed/2x1",
    ]
    assert "2 cases x 1 launches, at most about" in ended.stderr
    assert list(tmp_path.iterdir()) == [study]


def test_listing_the_cases_of_a_kernel_starts_no_mpi(tmp_path: Path) -> None:
    study = write_study(tmp_path, ["fine"])
    script = (
        "import sys; from tenbin.cli import cli;"
        f"cli.main(['run', {str(study)!r}, '--dry-run'], standalone_mode=False);"
        "sys.exit('mpi4py.MPI' in sys.modules)"
    )

    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_kernel_weighed_alone_leaves_nothing(tmp_path: Path) -> None:
    started = time.time()

    ended = subprocess.run(
        [*TENBIN, "bench", "gemm", "-m", "8", "-n", "8", "-k", "8", "--budget", "0.01"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    assert remove_segments(started) == []


def test_a_launch_that_never_starts_blames_no_single_case(tmp_path: Path) -> None:
    study = write_study(tmp_path, ["fine"], steps="[1, 2]", launch='mpiexec = "false"')

    ended = run(study, tmp_path / "out")

    (found,) = store.load([tmp_path / "out"])
    assert ended.returncode == 1
    assert [record.status for record in found.records] == ["failed", "failed"]


def test_a_missing_launcher_is_one_line(tmp_path: Path) -> None:
    study = write_study(tmp_path, ["fine"], launch='mpiexec = "no-such-mpiexec"')

    ended = run(study, tmp_path / "out")

    assert ended.returncode == 1
    assert "no-such-mpiexec" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_processes_of_a_launch_end_with_it(tmp_path: Path) -> None:
    script = "import subprocess, sys; subprocess.Popen(['sleep', '987']); sys.exit(4)"

    ended = launch([sys.executable, "-c", script], tmp_path / "log", lambda: 0, 10.0)

    assert ended.code == 4
    assert not any("987" in p.info["cmdline"] for p in psutil.process_iter(["cmdline"])
                   if p.info["cmdline"])  # fmt: skip


def test_only_stale_segments_of_this_launch_are_removed(tmp_path: Path) -> None:
    started = time.time()
    stale, foreign = tmp_path / "mpich_shm_x", tmp_path / "someone_else"
    old = tmp_path / "mpich_shm_old"
    for path in (stale, foreign, old):
        path.write_bytes(b"x")
    os.utime(old, (started - 60, started - 60))
    held = tmp_path / "sm_segment.held"
    with held.open("wb"):
        removed = remove_segments(started, tmp_path)

    assert removed == [stale]
    assert {path.name for path in tmp_path.iterdir()} == {
        "someone_else", "mpich_shm_old", "sm_segment.held",
    }  # fmt: skip
