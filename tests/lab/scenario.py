"""What a campaign must survive on any queue, as a user would live through it.

submit a ladder of three jobs with a short wall time
    n1    cancelled while it runs
    n2    killed, script and ranks, after its first result
    n4    runs into its wall time
resume with enough time ─► wait ─► collect ─► report
every point is valid exactly once, with no hand work but these commands
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tenbin.jobs import layout
from tenbin.results import store
from tests.campaigns import MAIN

POLL_S = 0.3


@dataclass(frozen=True)
class Setting:
    """A study on a queue: `machine` is a profile, `short` too short for 4 nodes.

    `age` makes a killed job look long dead where nobody but time tells.
    """

    folder: Path
    machine: str
    study: str
    short: str
    long: str = "20m"
    options: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    patience_s: float = 1800.0
    age: Callable[[Path], object] = lambda attempt: None


def run_scenario(setting: Setting) -> Path:
    """Live through it and return the campaign folder."""
    root = setting.folder / "campaign"
    ladder = ["--machine", setting.machine, "--nodes", "1,2,4", *setting.options]
    asked = [setting.study, *ladder, "--out", "campaign"]
    call(setting, "submit", *asked, "--time", setting.short, "--yes")
    assert call(setting, "submit", *asked, "--time", setting.short).stdout == ""

    until(setting, "n1", lambda row: row["state"] == "running")
    call(setting, "cancel", "campaign", "--job", "n1")
    until(setting, "n2", lambda row: row["valid"] > 0)
    kill_script(root / "jobs" / "n2" / "1")
    until(setting, "n4", lambda row: row["state"] == "timeout")
    setting.age(root / "jobs" / "n2" / "1")

    assert call(setting, "wait", "campaign", "--timeout", "5m", code=1)
    states = {job: row["state"] for job, row in found(setting).items()}
    assert states["n1"] == "cancelled"
    assert states["n2"] in ("failed", "lost")
    assert states["n4"] == "timeout"
    call(setting, "collect", "campaign", code=4)

    resumed = call(setting, "resume", "campaign", "--state", "cancelled",
                   "--time", setting.long, "--yes")  # fmt: skip
    assert [line.split()[0] for line in resumed.stdout.splitlines()][-1] == "n1"
    call(setting, "resume", "campaign", "--time", setting.long, "--yes")
    call(setting, "wait", "campaign", "--timeout", "30m")
    call(setting, "collect", "campaign")
    call(setting, "report", "campaign")
    check(root)
    return root


def check(root: Path) -> None:
    """Check that every point is valid once, in the attempts and in the table."""
    (run,) = store.load([root])
    keys = [(record.case, record.launch) for record in run.records]
    assert len(keys) == len(set(keys))
    assert all(record.valid for record in run.records)
    measured = [
        (record.case, folder.name)
        for job in ("n1", "n2", "n4")
        for attempt in layout.attempts(root, job)
        for folder in attempt.glob("n?.?")
        if (folder / store.INFO).exists()
        for record in store.read_run(folder).records
        if record.valid
    ]
    assert len(measured) == len(set(measured)) == len(keys)
    assert (root / "report.html").stat().st_size > 10_000


def call(
    setting: Setting, *arguments: str, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Call a verb as a user does; it must end with `code`."""
    ended = subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        capture_output=True,
        text=True,
        cwd=setting.folder,
        env={**os.environ, **setting.environment},
        timeout=setting.patience_s,
        check=False,
    )
    assert ended.returncode == code, f"{arguments}: {ended.stdout}{ended.stderr}"
    return ended


def found(setting: Setting) -> dict[str, dict[str, Any]]:
    """Return the rows of `tenbin status` by job."""
    shown = subprocess.run(
        [sys.executable, "-c", MAIN, "status", "campaign", "--format", "json"],
        capture_output=True,
        text=True,
        cwd=setting.folder,
        env={**os.environ, **setting.environment},
        timeout=setting.patience_s,
        check=False,
    )
    return {row["job"]: row for row in json.loads(shown.stdout)}


def until(
    setting: Setting, job: str, happened: Callable[[dict[str, Any]], bool]
) -> None:
    """Wait for something to happen to a job, within the setting's patience."""
    limit_s = time.monotonic() + setting.patience_s
    while not happened(row := found(setting)[job]):
        ended = row["state"] not in ("pending", "running", "unknown")
        assert not ended, f"{row}\n{''.join(_logs(setting))}"
        assert time.monotonic() < limit_s, row
        time.sleep(POLL_S)


def _logs(setting: Setting) -> list[str]:
    logs = sorted((setting.folder / "campaign" / "jobs").rglob("*.log"))
    return [f"{log}:\n{log.read_text()[-1000:]}\n" for log in logs]


def kill_script(attempt: Path) -> None:
    """Kill the job script of an attempt and all it started, as a failing node would."""
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        # timeout SECONDS python -m tenbin.jobs.point FILE: its parent is the script
        if words[:1] == ["timeout"] and any(str(attempt) in word for word in words):
            script = process.parent()
            assert script is not None
            for victim in [script, *script.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):  # a heartbeat's sleep
                    victim.kill()
            return
    raise AssertionError(f"no script of {attempt} runs here")
