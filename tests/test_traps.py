"""The traps that batch systems set, each one a test.

Trap 8, exit 0 without results, is in test_campaign_status.py; 15, 18 and 19 have more
tests where campaigns, records and the machine probe live.
"""

import dataclasses
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tenbin import samples
from tenbin.errors import UsageError
from tenbin.jobs import environment, profile, sentinel
from tenbin.jobs.census import verdict
from tenbin.jobs.duration import parse_duration
from tenbin.jobs.render import render
from tenbin.jobs.schedulers import SCHEDULERS, detect, gridengine, pbs, pjm, slurm
from tenbin.jobs.schedulers.contract import Needs, Scheduler, Seen
from tenbin.jobs.schedulers.directives import clock, job_name
from tenbin.jobs.schedulers.run import check_script
from tenbin.jobs.sentinel import Sentinel
from tenbin.jobs.states import inquire, join
from tests.fakes import install

NEEDS = Needs(name="x", nodes=2, ranks_per_node=2)
COMMAND = [[sys.executable, "-m", "timeit", "-n", "1", "-r", "1", "pass"]]


def put_commands(
    folder: Path, patch: pytest.MonkeyPatch, answers: dict[str, str]
) -> None:
    """Make these commands the only ones, each printing its answer."""
    for name, answer in answers.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\necho '{answer}'\n")
        path.chmod(0o755)
    patch.setenv("PATH", f"{folder}:/bin")
    found = {n: str(folder / n) for n in answers}
    patch.setattr(shutil, "which", lambda name: found.get(name))
    patch.delenv("SGE_ROOT", raising=False)


@pytest.mark.parametrize(
    ("answers", "root", "name"),
    [
        ({"qsub": "", "qstat": "pbs_version = 23.06.06"}, "", "pbs"),
        ({"qsub": "", "qstat": "Version: 6.1.3"}, "", "torque"),
        ({"qsub": "", "qstat": "SGE 8.1.9"}, "/opt/sge", "gridengine"),
        ({"qsub": "", "qstat": "", "qconf": ""}, "", "gridengine"),
        ({"qsub": "", "qstat": "slurm wrapper", "sbatch": ""}, "", "slurm"),
        ({"qsub": "", "qstat": "pbs_version = 19", "pjsub": ""}, "", "pjm"),
        ({"qsub": "", "qstat": "a stranger"}, "", "local"),
        ({}, "", "local"),
    ],
)
def test_trap_1_qsub_alone_proves_nothing(
    answers: dict[str, str], root: str, name: str,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    put_commands(tmp_path, monkeypatch, answers)
    if root:
        monkeypatch.setenv("SGE_ROOT", root)

    scheduler, reason = detect()

    assert scheduler.name == name
    assert reason
    assert detect("slurm") == (SCHEDULERS["slurm"], "asked for")


def test_trap_2_a_job_leaves_the_queue_before_the_books_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = install("gridengine", tmp_path, monkeypatch)
    scheduler = SCHEDULERS["gridengine"]
    script = tmp_path / "script.sh"
    script.write_text("#!/bin/bash\ntrue\n")
    submitted_s = time.time()
    job = scheduler.submit(script)
    while scheduler.query([job]):
        time.sleep(0.1)

    queue.spoil("qacct", "empty", 2)
    for _ in range(2):
        seen = inquire(scheduler, [job])[job]
        assert join(Sentinel(), seen, time.time(), submitted_s).state == "unknown"
    assert inquire(scheduler, [job])[job].state == "finished"


def test_trap_3_accounting_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = "JobId=7 JobState=TIMEOUT Reason=TimeLimit ExitCode=0:15 NodeList=n1"
    put_commands(tmp_path, monkeypatch, {"squeue": "", "scontrol": running})
    sacct = tmp_path / "sacct"
    sacct.write_text(
        "#!/bin/sh\necho 'Slurm accounting storage is disabled' >&2\nexit 1\n"
    )
    sacct.chmod(0o755)
    assert inquire(SCHEDULERS["slurm"], ["7"])["7"].state == "timeout"


@pytest.mark.parametrize("kind", ["nonzero", "garbage"])
@pytest.mark.parametrize("family", ["slurm", "pbs", "gridengine", "pjm"])
def test_trap_4_a_query_that_fails_ends_nothing(
    family: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = install(family, tmp_path, monkeypatch)
    for command in ("squeue", "sacct", "qstat", "qacct", "pjstat"):
        queue.spoil(command, kind, 9)

    seen = inquire(SCHEDULERS[family], ["1"])["1"]

    assert join(Sentinel(), seen, time.time()).state == "unknown"


def test_trap_5_ids_of_arrays() -> None:
    assert slurm.expand_job("4_[3-9%2]") == [f"4_{n}" for n in range(3, 10)]
    text = (
        '{"Jobs": {"123[].srv": {"job_state": "B"}, "123[4].srv": {"job_state": "R"}}}'
    )
    assert set(pbs.parse_json(text)) == {"123[].srv", "123[4].srv"}
    assert gridengine._SUBMITTED.findall("24.1-3:1\n") == [("24", "")]
    row = "24 0.5 x u qw 11/21/2026 01:32:36   1 1-3:1"
    assert {"24", "24.1", "24.2", "24.3"} == set(gridengine.parse_qstat(row))
    table = "JOB_ID ST EC PC SN\n123[1] RUN - - -\n64856_0 QUE - - -"
    assert set(pjm.parse_pjstat(table)) == {"123[1]", "64856_0"}


def test_trap_6_the_output_of_the_queue_comes_late_or_never(tmp_path: Path) -> None:
    local = profile.load("local").profile
    one = dataclasses.replace(NEEDS, nodes=1, ranks_per_node=1)
    script = tmp_path / "script.sh"
    script.write_text(render(local, one, COMMAND, tmp_path))
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

    queue = subprocess.run(["bash", script], env=path, capture_output=True, check=True)

    (place,) = sentinel.places(tmp_path)
    assert b"best of 1" not in queue.stdout
    assert "best of 1" in (place / "job.log").read_text()


def test_trap_7_a_requeue_runs_the_script_twice(tmp_path: Path) -> None:
    local = profile.load("local").profile
    one = dataclasses.replace(NEEDS, nodes=1, ranks_per_node=1)
    script = tmp_path / "script.sh"
    script.write_text(render(local, one, COMMAND, tmp_path))
    path = os.pathsep.join(sys.path)
    for _ in range(2):
        subprocess.run(
            ["bash", script], env={**os.environ, "PYTHONPATH": path}, check=True
        )

    first, second = sentinel.places(tmp_path)

    assert second.name == "rerun-1"
    assert sentinel.read(tmp_path).place == second
    assert (first / sentinel.FINISHED).is_file()
    assert "exit code 0" in (first / "job.log").read_text()


def test_trap_9_killed_before_its_trap() -> None:
    silent = Sentinel(started_s=0.0, heartbeat_s=300.0, limit_s=600)
    states = {
        "timeout": join(silent, Seen("timeout"), 700.0),
        "failed": join(silent, Seen("failed", "NODE_FAIL"), 700.0),
        "lost": join(silent, Seen("lost"), 700.0),
    }
    assert {state: found.state for state, found in states.items()} == {
        "timeout": "timeout", "failed": "failed", "lost": "lost",
    }  # fmt: skip


def test_trap_10_one_thirty_is_ninety_of_what() -> None:
    assert clock(5400) == "01:30:00"
    assert parse_duration("90m") == parse_duration("1h30m") == parse_duration(5400)
    with pytest.raises(UsageError):
        parse_duration("1:30")


@pytest.mark.parametrize("text", ["echo\n", "#!/bin/bash\r\necho\r\n", ""])
def test_trap_11_a_script_without_shebang_or_with_dos_lines(
    text: str, tmp_path: Path
) -> None:
    script = tmp_path / "script.sh"
    script.write_bytes(text.encode())
    with pytest.raises(UsageError, match=r"first line must be|DOS line ends"):
        check_script(script)


@pytest.mark.parametrize("name", ["1st", "inf", "+1", "1e5", "a/b", "größe", "", "-rf"])
def test_trap_12_rules_for_job_names(name: str) -> None:
    for longest in (15, 63):
        found = job_name(name + "x" * 300, longest)
        assert found.isascii()
        assert found[0].isalpha()
        assert len(found) == longest
    long = Needs(name="n" * 40, nodes=1, ranks_per_node=1)
    assert f"#PBS -N {'n' * 15}" in pbs.directives(long)


def test_trap_13_two_chunks_on_one_host(tmp_path: Path) -> None:
    assert "#PBS -l place=scatter:excl" in pbs.directives(NEEDS)
    hosts = tmp_path / "nodefile"
    hosts.write_text("n1\nn1\nn1\nn1\n")
    found = profile.load("generic-pbs").profile
    script = tmp_path / "script.sh"
    script.write_text(render(found, NEEDS, COMMAND, tmp_path))

    subprocess.run(
        ["bash", script], env={**os.environ, "PBS_NODEFILE": str(hosts)}, check=False
    )

    said = sentinel.read(tmp_path)
    assert said.reason == "asked for 2 nodes, the queue gave 1"
    assert said.exit_code == 70


def test_trap_14_every_rank_sees_one_gpu_only() -> None:
    """GPUs are asked for by node and never by task, which would bind them."""
    needs = dataclasses.replace(NEEDS, gpus_per_node=4)
    for name in ("slurm", "pbs", "torque"):
        text = "\n".join(SCHEDULERS[name].directives(needs))
        assert "4" in text
        assert "per-task" not in text.replace("--cpus-per-task", "")
    for machine in profile.names():
        assert "gpus-per-task" not in profile.load(machine).profile.mpiexec


@pytest.mark.parametrize(
    ("size", "hosts", "words"),
    [
        (1, ["n1"], "a world of 1 ranks, not 4"),
        (4, ["n1"] * 4, "on 1 nodes (n1), not on 2"),
        (4, ["n1", "n2", "n3", "n4"], "on 4 nodes (n1, n2, n3, n4), not on 2"),
        (4, ["n1", "n1", "n2", "n2"], ""),
    ],
)
def test_trap_15_mpirun_takes_other_nodes_than_asked(
    size: int, hosts: list[str], words: str
) -> None:
    found = verdict(size, hosts, ranks=4, nodes=2)
    assert words in found
    assert bool(found) == bool(words)


def test_trap_16_the_clocks_of_two_nodes_are_an_hour_apart() -> None:
    hour_ns = 3600 * 10**9
    entry = np.array([[100, hour_ns + 100]])
    block = samples.Block(
        entry_ns=entry,
        exit_ns=entry + [[50, 70]],
        cpu_ns=np.array([50]),
        lost=np.array([False]),
        late=np.array([False]),
        spent_s=0.0,
    )

    assert block.makespans.tolist() == [hour_ns + 70]
    assert samples.local(block).makespans.tolist() == [70]


def test_trap_17_a_stale_directory_shows_a_file_late(tmp_path: Path) -> None:
    text = '{"time_s": 2, "exit_code": 0}'
    late = threading.Timer(0.7, (tmp_path / sentinel.FINISHED).write_text, [text])
    late.start()

    found = sentinel.await_last_words([tmp_path], patience_s=10)

    late.join()
    assert found[tmp_path].exit_code == 0


def test_trap_18_settings_never_travel_by_environment_lists(tmp_path: Path) -> None:
    for scheduler in SCHEDULERS.values():
        for line in scheduler.directives(NEEDS):
            assert " -v " not in line
            assert " -V" not in line
            assert "--export=NONE" in line or "--export" not in line


def test_trap_19_no_secret_enters_a_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME_TOKEN", "s3cret")
    found = profile.load("generic-slurm").profile
    assert "s3cret" not in render(found, NEEDS, COMMAND, Path("/a"))


def test_trap_20_a_ladder_crosses_the_limits_of_queues() -> None:
    fugaku = profile.load("fugaku").profile
    ladder = {nodes: fugaku.choose_queue(nodes, 3600) for nodes in (1, 384, 385, 12288)}
    assert list(ladder.values()) == ["small", "small", "large", "large"]
    with pytest.raises(UsageError, match="fit no queue"):
        fugaku.choose_queue(400, 30 * 3600)


def test_words_come_from_the_launcher_before_the_queue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SLURM_PROCID", "0")
    monkeypatch.setenv("PMI_RANK", "3")
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    assert environment.read_word("rank") == "3"
    assert environment.read_word("job_id") == "77"
    monkeypatch.setenv("SLURMD_NODENAME", "node4")
    assert environment.node_name() == "node4"


@pytest.mark.parametrize("scheduler", SCHEDULERS.values(), ids=lambda s: s.name)
def test_every_scheduler_has_words_for_a_job(scheduler: Scheduler) -> None:
    assert scheduler.name == "local" or "job_id" in scheduler.variables
