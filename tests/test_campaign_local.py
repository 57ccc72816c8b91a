"""Whole campaigns on this machine: planned, submitted, hurt, resumed, collected."""

import json
import time
from pathlib import Path

import pytest

from tenbin.results import store
from tests.campaigns import tenbin, write_study
from tests.lab.scenario import Setting, run_scenario

LADDER = ("--machine", "local", "--nodes", "1,2")


@pytest.mark.mpi
@pytest.mark.parametrize("mode", ["--chain", "--packed"])
def test_submit_walk_away_and_collect(tmp_path: Path, mode: str) -> None:
    write_study(tmp_path / "s.toml")

    submitted = tenbin(
        "submit", "s.toml", *LADDER, "--launches", "2", mode, folder=tmp_path
    )
    again = tenbin(
        "submit", "s.toml", *LADDER, "--launches", "2", mode, folder=tmp_path
    )
    waited = tenbin("wait", "s", "--timeout", "2m", folder=tmp_path)
    collected = tenbin("collect", "s", folder=tmp_path)
    shown = tenbin("status", "s", "--format", "json", folder=tmp_path)

    assert submitted.returncode == 0, submitted.stderr
    assert again.stdout == ""
    assert "nothing to submit" in again.stderr
    assert waited.returncode == 0, waited.stdout + waited.stderr
    assert collected.returncode == 0, collected.stderr
    assert {row["state"] for row in json.loads(shown.stdout)} == {"finished"}
    (run,) = store.load([tmp_path / "campaigns" / "s-local"])
    points = [(record.case, record.launch) for record in run.records]
    assert len(points) == len(set(points)) == 2 * 2 * 2
    assert {record.ranks for record in run.records} == {1, 2}
    assert all(record.valid for record in run.records)


@pytest.mark.mpi
def test_a_failing_case_fails_its_job_and_leaves_the_others(tmp_path: Path) -> None:
    study = write_study(tmp_path / "s.toml")
    study.write_text(study.read_text().replace("['fine']", "['fine', 'wrong']"))

    tenbin("submit", "s.toml", *LADDER, folder=tmp_path)
    waited = tenbin("wait", "s", "--timeout", "2m", folder=tmp_path)
    collected = tenbin("collect", "s", folder=tmp_path)

    assert waited.returncode == 1
    assert "2/4" in waited.stdout
    assert "WRONG faulty/wrong" in waited.stderr  # the end of the log
    assert "next: tenbin resume" in waited.stderr
    assert collected.returncode == 1
    assert "4 failed or wrong" in collected.stderr


@pytest.mark.mpi
def test_waiting_can_be_given_up_without_harm(tmp_path: Path) -> None:
    write_study(tmp_path / "s.toml", measure="precision = 1e-9", steps="[1, 2, 3, 4]")
    study = (tmp_path / "s.toml").read_text()
    (tmp_path / "s.toml").write_text(study.replace("0.02", "1.0", 1))

    tenbin("submit", "s.toml", "--machine", "local", "--nodes", "1", folder=tmp_path)
    given_up = tenbin("wait", "s", "--timeout", "1s", folder=tmp_path)
    partial = tenbin("collect", "s", folder=tmp_path)
    waited = tenbin("wait", "s", "--timeout", "2m", folder=tmp_path)

    assert given_up.returncode == 4
    assert partial.returncode in (4, 5)
    assert waited.returncode == 0, waited.stdout + waited.stderr


@pytest.mark.mpi
@pytest.mark.slow
def test_cancelled_killed_and_timed_out_jobs_are_resumed_to_completion(
    tmp_path: Path,
) -> None:
    steps = str(list(range(1, 13)))
    path = write_study(tmp_path / "s.toml", measure="precision = 1e-9", steps=steps)
    path.write_text(path.read_text().replace("budget_s = 0.02", "budget_s = 2.5"))

    run_scenario(
        Setting(
            folder=tmp_path,
            machine="local",
            study="s.toml",
            short="32s",
            environment={"TENBIN_LOCAL_LOCK": str(tmp_path / "lock")},
            patience_s=240.0,
            age=make_old,
        )
    )


def make_old(attempt: Path) -> None:
    """Let ten minutes pass for an attempt: nobody but time tells that it is dead."""
    past_s = time.time() - 600
    for name in ("started.json", "heartbeat.json", "submitted.json"):
        said = json.loads((attempt / name).read_text())
        (attempt / name).write_text(json.dumps({**said, "time_s": past_s}))
