"""Status tells what became of every job, from results, own words and the queue."""

from pathlib import Path

from tenbin.jobs import layout
from tenbin.jobs.cancel import cancel
from tenbin.jobs.ladder import Point
from tenbin.jobs.schedulers.contract import QueryError, Seen
from tenbin.jobs.status import exit_code, status
from tests.campaigns import (
    Desk,
    ended,
    leave_results,
    look,
    start,
    submit,
    tenbin,
    write_study,
)


def test_one_query_serves_all_jobs(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path, tuple(range(1, 9))), Desk()
    submit(tmp_path, ladder, desk)
    ended(tmp_path / "jobs" / "n1" / "1")
    desk.queries.clear()

    status(tmp_path, ladder, desk.scheduler)

    assert desk.queries == [[str(number) for number in range(102, 109)]]


def test_exit_0_without_results_has_failed(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path, (1,)), Desk()
    submit(tmp_path, ladder, desk)
    ended(tmp_path / "jobs" / "n1" / "1", code=0)

    found = look(tmp_path, ladder, desk)["n1"]

    assert found.state == "failed"
    assert "2 of 2 results are missing" in found.reason
    assert exit_code([found]) == 1


def test_results_decide_whatever_the_queue_says(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path, (1,)), Desk()
    submit(tmp_path, ladder, desk)
    attempt = tmp_path / "jobs" / "n1" / "1"
    leave_results(attempt / "n1.0", ladder, Point(1, 0))
    ended(attempt, code=143, signal="TERM")
    desk.answers["101"] = Seen("timeout")

    found = look(tmp_path, ladder, desk)["n1"]

    assert (found.state, found.valid, found.left) == ("finished", 2, ())
    assert exit_code([found]) == 0


def test_cancel_ends_what_runs_and_is_remembered(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path, (1, 2)), Desk()
    submit(tmp_path, ladder, desk)
    desk.answers = {"101": Seen("running"), "102": Seen("pending")}
    found = status(tmp_path, ladder, desk.scheduler)

    cancel(found, desk.scheduler, ["n1"])
    ended(tmp_path / "jobs/n1/1", code=143, signal="TERM")

    assert desk.cancelled == ["101"]
    assert look(tmp_path, ladder, desk)["n1"].state == "cancelled"
    assert look(tmp_path, ladder, desk)["n2"].state == "pending"


def test_a_cancelled_job_that_left_the_queue_is_cancelled_at_once(
    tmp_path: Path,
) -> None:
    ladder, desk = start(tmp_path, (1,)), Desk()
    submit(tmp_path, ladder, desk)
    desk.answers = {"101": Seen("pending")}
    cancel(status(tmp_path, ladder, desk.scheduler), desk.scheduler)

    desk.answers.clear()

    assert look(tmp_path, ladder, desk)["n1"].state == "cancelled"


def test_a_scheduler_that_cannot_be_asked_ends_nothing(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path, (1,)), Desk()
    submit(tmp_path, ladder, desk)
    attempt = tmp_path / "jobs/n1/1"
    (attempt / layout.SUBMITTED).write_text('{"id": "101", "time_s": 0.0}')

    def broken(ids: object) -> dict[str, Seen]:
        raise QueryError("squeue: Unable to contact slurm controller")

    scheduler = desk.scheduler.__class__(
        **{**desk.scheduler.__dict__, "query": broken, "account": broken}
    )
    (found,) = status(tmp_path, ladder, scheduler)

    assert found.state == "unknown"
    assert "Unable to contact" in found.reason
    assert found.moving


def test_status_shows_reason_log_and_the_next_command(tmp_path: Path) -> None:
    write_study(tmp_path / "s.toml")
    root = tmp_path / "campaigns" / "s-local"
    ladder, desk = start(root, (1, 2)), Desk()
    submit(root, ladder, desk)
    for key in ("n1", "n2"):
        ended(root / "jobs" / key / "1", code=70)
        (root / "jobs" / key / "1" / "job.log").write_text("one\nlast words\n")

    shown = tenbin("status", "s", folder=tmp_path)

    assert shown.returncode == 1
    assert "ended with exit code 70" in shown.stdout
    assert "last words" in shown.stderr
    assert "next: tenbin resume campaigns/s-local" in shown.stderr
