"""Schedulers ask, submit and cancel through real commands, and say when they cannot."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tenbin.errors import UsageError
from tenbin.jobs.schedulers import SCHEDULERS, detect, run
from tenbin.jobs.schedulers.contract import Needs, QueryError, SchedulerError, Seen
from tenbin.jobs.schedulers.directives import clock, job_name
from tenbin.jobs.schedulers.hostlist import expand_hosts
from tenbin.jobs.states import NOT_LISTED, inquire
from tests.fakes import COMMANDS, FakeQueue, install

FAMILIES = list(COMMANDS)
QUEUED = [name for name in SCHEDULERS if name != "local"]
ASKS = {"slurm": "squeue", "pbs": "qstat", "gridengine": "qstat", "pjm": "pjstat"}
BOOKS = {"slurm": "sacct", "pbs": "qstat", "gridengine": "qacct", "pjm": "pjstat"}

Put = Callable[[str], FakeQueue]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Put:
    return lambda family: install(family, tmp_path, monkeypatch)


def submit(family: str, folder: Path, body: str) -> str:
    scheduler = SCHEDULERS[family]
    needs = Needs(name="x", nodes=1, ranks_per_node=1)
    lines = "\n".join(scheduler.directives(needs))
    script = folder / "script.sh"
    script.write_text(f"#!/bin/bash\n{lines}\n{body}\n")
    return scheduler.submit(script)


def wait_for(family: str, job: str, state: str, limit_s: float = 20.0) -> Seen:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        seen = inquire(SCHEDULERS[family], [job])[job]
        if seen.state == state:
            return seen
        time.sleep(0.1)
    raise AssertionError(f"{job} is {seen}, not {state}")


@pytest.mark.parametrize("family", FAMILIES)
def test_follows_a_job_to_its_good_end(family: str, put: Put, tmp_path: Path) -> None:
    put(family)
    job = submit(family, tmp_path, "sleep 1")

    assert wait_for(family, job, "running")
    assert wait_for(family, job, "finished")


@pytest.mark.parametrize("family", FAMILIES)
def test_follows_a_job_to_its_bad_end(family: str, put: Put, tmp_path: Path) -> None:
    put(family)
    job = submit(family, tmp_path, "exit 3")

    assert wait_for(family, job, "failed").exit_code == 3


@pytest.mark.parametrize("family", FAMILIES)
def test_cancels_a_job(family: str, put: Put, tmp_path: Path) -> None:
    put(family)
    job = submit(family, tmp_path, "exec sleep 60")
    wait_for(family, job, "running")

    SCHEDULERS[family].cancel([job])

    # Grid Engine's books cannot tell qdel from any other signal.
    wait_for(family, job, "failed" if family == "gridengine" else "cancelled")
    SCHEDULERS[family].cancel([job])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["nonzero", "garbage"])
def test_says_unknown_when_the_queue_cannot_be_asked(
    family: str, kind: str, put: Put, tmp_path: Path
) -> None:
    queue = put(family)
    job = submit(family, tmp_path, "exec sleep 5")
    queue.spoil(ASKS[family], kind, 3)
    queue.spoil(BOOKS[family], kind, 3)

    with pytest.raises(QueryError):
        SCHEDULERS[family].query([job])
    assert inquire(SCHEDULERS[family], [job])[job].state in ("unknown", "running")

    SCHEDULERS[family].cancel([job])


@pytest.mark.parametrize("family", FAMILIES)
def test_says_lost_for_a_job_that_vanished(
    family: str, put: Put, tmp_path: Path
) -> None:
    queue = put(family)
    job = submit(family, tmp_path, "true")
    wait_for(family, job, "finished")
    queue.forget(job)

    seen = inquire(SCHEDULERS[family], [job])[job]

    assert (seen.state, seen.reason) == ("lost", NOT_LISTED)


def test_asks_once_for_all_jobs(put: Put, tmp_path: Path) -> None:
    queue = put("slurm")
    submit("slurm", tmp_path, "exec sleep 5")
    before = len(queue.calls)

    seen = inquire(SCHEDULERS["slurm"], [str(number) for number in range(1, 1001)])

    assert len(seen) == 1000
    assert [call.split()[0] for call in queue.calls[before:]] == ["squeue", "sacct"]
    SCHEDULERS["slurm"].cancel(["1"])


def test_a_command_that_hangs_is_a_query_error(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("slurm").spoil("squeue", "hang")
    monkeypatch.setattr(run, "TIMEOUT_S", 0.5)
    with pytest.raises(QueryError, match=r"gave no answer in 0\.5 s"):
        SCHEDULERS["slurm"].query(["1"])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_refused_submission_tells_the_scheduler_s_words(
    family: str, put: Put, tmp_path: Path
) -> None:
    queue = put(family)
    queue.spoil(COMMANDS[family][0], "nonzero")
    with pytest.raises(SchedulerError, match="cannot connect to server") as caught:
        submit(family, tmp_path, "true")
    assert not isinstance(caught.value, QueryError)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_submission_nobody_answered_may_have_been_heard(
    family: str, put: Put, tmp_path: Path
) -> None:
    queue = put(family)
    queue.spoil(COMMANDS[family][0], "empty")
    with pytest.raises(QueryError):
        submit(family, tmp_path, "true")


def test_directives_of_the_script_win_over_the_environment(
    put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = put("slurm")
    monkeypatch.setenv("SBATCH_PARTITION", "other")
    script = tmp_path / "script.sh"
    script.write_text("#!/bin/bash\n#SBATCH --partition=mine\ntrue\n")

    SCHEDULERS["slurm"].submit(script)

    assert "--partition=mine" in queue.calls[-1]


def test_options_of_the_command_line_are_read_from_the_script(
    put: Put, tmp_path: Path
) -> None:
    queue = put("gridengine")
    submit("gridengine", tmp_path, "# submit with: -g group1\ntrue")
    assert "-g group1" in queue.calls[-1]


def test_takes_turns_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENBIN_LOCAL_LOCK", str(tmp_path / "lock"))
    order = tmp_path / "order"
    jobs = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        body = f"echo {name}>>'{order}'\nsleep 1\necho {name}>>'{order}'"
        jobs.append(submit("local", folder, body))
        time.sleep(0.3)

    assert inquire(SCHEDULERS["local"], jobs)[jobs[1]].state == "pending"
    for job in jobs:
        wait_for("local", job, "lost")

    assert order.read_text().split() == ["a", "a", "b", "b"]


def test_a_used_process_id_is_not_the_job(tmp_path: Path) -> None:
    assert SCHEDULERS["local"].query(["1-12345.00"]) == {}


@pytest.mark.parametrize("name", QUEUED)
def test_leaves_out_the_directives_to_skip_and_adds_the_user_s(name: str) -> None:
    needs = Needs(name="x", nodes=2, ranks_per_node=4, account="g1")
    lines = SCHEDULERS[name].directives(needs)
    account = next(line for line in lines if line.rstrip('"').endswith("g1"))
    option = account.split(" ", 1)[1].split("=")[0].split(" ")[0]

    other = Needs(name="x", nodes=2, ranks_per_node=4, account="g1",
                  skip=(option,), extra=("--mine=1",))  # fmt: skip
    found = SCHEDULERS[name].directives(other)

    assert account not in found
    assert found[-1].endswith(" --mine=1")


@pytest.mark.parametrize("name", QUEUED)
@pytest.mark.parametrize("extra", ["-l a\nrm -rf /", "rm", "", "-x\x1b"])
def test_refuses_an_extra_directive_that_is_more_than_one_line(
    name: str, extra: str
) -> None:
    needs = Needs(name="x", nodes=1, ranks_per_node=1, extra=(extra,))
    with pytest.raises(UsageError, match="extra directive"):
        SCHEDULERS[name].directives(needs)


@pytest.mark.parametrize("job", ["1; rm -rf /", "-1", "$(x)", "", "a b", "x" * 200])
@pytest.mark.parametrize("name", QUEUED)
def test_refuses_what_is_no_job_id(name: str, job: str) -> None:
    for function in (SCHEDULERS[name].query, SCHEDULERS[name].cancel):
        with pytest.raises(UsageError, match="not a job id"):
            function([job])


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("node[1-4]", ["node1", "node2", "node3", "node4"]),
        ("a[1-3,07-09]b", ["a1b", "a2b", "a3b", "a07b", "a08b", "a09b"]),
        ("r[1-2]n[0-1],x", ["r1n0", "r1n1", "r2n0", "r2n1", "x"]),
        ("(null)", []),
        ("odd[x-]", ["odd[x-]"]),
    ],
)
def test_expands_a_list_of_hosts(text: str, hosts: list[str]) -> None:
    assert list(expand_hosts(text)) == hosts


def test_names_of_schedulers_are_listed_for_a_wrong_one() -> None:
    with pytest.raises(UsageError, match="no scheduler lsf; choose from pjm, slurm"):
        detect("lsf")


def test_words_of_a_job_name_fit_every_scheduler() -> None:
    assert job_name("9 größe / $(x)", 15) == "j9_gr_e_x"
    assert job_name("x" * 300, 63) == "x" * 63
    assert clock(3 * 86400) == "72:00:00"
