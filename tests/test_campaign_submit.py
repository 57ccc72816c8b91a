"""Submitting survives every crash, and never submits a job twice."""

import multiprocessing
import time
from pathlib import Path

import msgspec
import pytest

from tenbin.errors import TenbinError, UsageError
from tenbin.jobs import layout
from tenbin.jobs.campaign import create
from tenbin.jobs.ladder import Point, spell_out
from tenbin.jobs.plan import first_attempts
from tenbin.jobs.resume import parse_states
from tenbin.jobs.schedulers.contract import QueryError, SchedulerError, Seen
from tenbin.jobs.status import exit_code
from tenbin.jobs.submit import Submitted, adopt, adopt_by_text, prepare, submit_all
from tests.campaigns import (
    Desk,
    create_campaign,
    ended,
    leave_results,
    look,
    resume,
    start,
    submit,
)


def test_submitting_twice_adds_nothing(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path), Desk()

    first, second = (submit(tmp_path, ladder, desk) for _ in range(2))

    assert first == {"n1": "101", "n2": "102"}
    assert second == {}
    assert len(desk.submitted) == 2


def test_the_id_is_written_down_before_the_next_job_is_submitted(
    tmp_path: Path,
) -> None:
    ladder, desk = start(tmp_path), Desk()
    wanted = first_attempts(ladder)

    job, number = next(submit_all(tmp_path, ladder.campaign, desk.scheduler, wanted))

    noted = layout.read(tmp_path / "jobs" / job / "1" / layout.SUBMITTED, Submitted)
    assert noted is not None
    assert noted.id == number
    assert not (tmp_path / "jobs" / "n2").exists()


def test_a_crash_while_submitting_leaves_an_unknown_job(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path), Desk()
    desk.refuse = QueryError("sbatch gave no answer in 120 s")
    with pytest.raises(QueryError):
        submit(tmp_path, ladder, desk)
    desk.refuse = None

    found = look(tmp_path, ladder, desk)
    again_ids = submit(tmp_path, ladder, desk)

    assert found["n1"].state == "unknown"
    assert "squeue --name=small-n1" in found["n1"].reason
    assert found["n2"].state == "never_ran"
    assert list(again_ids) == ["n2"]  # n1 may be in the queue


def test_an_interrupted_submission_is_resumed_only_on_the_users_word(
    tmp_path: Path,
) -> None:
    ladder, desk = start(tmp_path, (1,)), Desk()
    prepare(tmp_path, ladder.campaign, first_attempts(ladder)[0])

    assert resume(tmp_path, ladder, desk) == []
    assert resume(tmp_path, ladder, desk, "unknown") == ["n1"]
    assert [path.parent.name for path in desk.submitted] == ["2"]


def test_an_interrupted_submission_that_ran_says_so_itself(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path, (1,)), Desk()
    attempt = prepare(tmp_path, ladder.campaign, first_attempts(ladder)[0])
    (attempt / "started.json").write_text(
        f'{{"time_s": {time.time()}, "job_id": "77"}}'
    )
    desk.answers["77"] = Seen("running")

    found = look(tmp_path, ladder, desk)["n1"]

    assert (found.state, found.look.id) == ("running", "77")
    assert resume(tmp_path, ladder, desk, "unknown") == []


def test_an_interrupted_submission_is_adopted_by_its_id(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path, (1,)), Desk()
    prepare(tmp_path, ladder.campaign, first_attempts(ladder)[0])

    adopt_by_text(tmp_path, ["n1=4711"], ["n1"])

    desk.answers["4711"] = Seen("pending", "Priority")
    assert look(tmp_path, ladder, desk)["n1"].state == "pending"
    with pytest.raises(UsageError, match="not an interrupted"):
        adopt(tmp_path, "n1", "4712")


@pytest.mark.parametrize("text", ["n1", "n9=4", "n1=", "n1=-x", "n1=4;rm", "=4"])
def test_what_is_adopted_must_be_a_job_and_an_id(tmp_path: Path, text: str) -> None:
    ladder = start(tmp_path, (1,))
    prepare(tmp_path, ladder.campaign, first_attempts(ladder)[0])

    with pytest.raises(UsageError):
        adopt_by_text(tmp_path, [text], ["n1"])


def test_a_refused_job_keeps_the_schedulers_words_and_can_be_submitted_again(
    tmp_path: Path,
) -> None:
    ladder, desk = start(tmp_path), Desk()
    desk.refuse = SchedulerError("sbatch: invalid partition specified: gold")
    with pytest.raises(SchedulerError):
        submit(tmp_path, ladder, desk)

    found = look(tmp_path, ladder, desk)["n1"]
    desk.refuse = None

    assert found.state == "never_ran"
    assert "invalid partition specified: gold" in found.reason
    assert list(submit(tmp_path, ladder, desk)) == ["n1", "n2"]


def _race(root: str, barrier: object, won: object) -> None:
    folder = Path(root)
    ladder = start(folder, (1,))
    attempt = first_attempts(ladder)[0]
    barrier.wait()  # type: ignore[attr-defined]
    try:
        won.put(prepare(folder, ladder.campaign, attempt).name)  # type: ignore[attr-defined]
    except TenbinError as error:
        won.put(str(error))  # type: ignore[attr-defined]


def test_of_clients_that_race_for_one_attempt_one_wins(tmp_path: Path) -> None:
    start(tmp_path, (1,))
    spawn = multiprocessing.get_context("spawn")
    barrier, won = spawn.Barrier(3), spawn.Queue()
    racers = [
        spawn.Process(target=_race, args=(str(tmp_path), barrier, won))
        for _ in range(3)
    ]
    for racer in racers:
        racer.start()
    names = [won.get(timeout=60) for _ in racers]
    for racer in racers:
        racer.join(60)

    folders = [name for name in names if name.isdigit()]
    assert folders == ["1"]
    assert all("another tenbin" in name for name in names if not name.isdigit())
    for attempt in layout.attempts(tmp_path, "n1"):
        assert {layout.INTENT, layout.SCRIPT, "n1.0.json"} <= {
            path.name for path in attempt.iterdir()
        }


def test_an_attempt_that_is_there_already_is_left_alone(tmp_path: Path) -> None:
    ladder = start(tmp_path, (1,))
    first = first_attempts(ladder)[0]
    prepare(tmp_path, ladder.campaign, first)

    with pytest.raises(TenbinError, match="another tenbin"):
        prepare(tmp_path, ladder.campaign, first)

    assert [path.name for path in (tmp_path / "jobs" / "n1").iterdir()] == ["1"]


def test_chained_jobs_wait_for_each_other(tmp_path: Path) -> None:
    ladder = spell_out(create(tmp_path, create_campaign([1, 2, 4], chain=True)))
    desk = Desk()

    submit(tmp_path, ladder, desk)

    intents = [
        msgspec.json.decode((script.parent / layout.INTENT).read_bytes())
        for script in desk.submitted
    ]
    assert [intent["after"] for intent in intents] == [[], ["101"], ["102"]]


def test_resume_takes_only_the_points_that_lack_results(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path, (1, 2), launches=2), Desk()
    submit(tmp_path, ladder, desk)
    for key, nodes in (("n1", 1), ("n2", 2)):
        attempt = tmp_path / "jobs" / key / "1"
        leave_results(attempt / f"{key}.0", ladder, Point(nodes, 0))
        ended(attempt, code=1)
    leave_results(tmp_path / "jobs/n1/1/n1.1", ladder, Point(1, 1))
    leave_results(tmp_path / "jobs/n2/1/n2.1", ladder, Point(2, 1), slice(1))

    assert resume(tmp_path, ladder, desk) == ["n2"]

    second = tmp_path / "jobs" / "n2" / "2"
    assert (second / "n2.1.json").exists()
    assert not (second / "n2.0.json").exists()
    assert "n2.0.json" not in (second / layout.SCRIPT).read_text()


def test_resume_can_be_limited_by_state(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path, (1, 2, 4)), Desk()
    submit(tmp_path, ladder, desk)
    ended(tmp_path / "jobs/n1/1", code=124)
    ended(tmp_path / "jobs/n2/1", code=1)
    desk.answers["103"] = Seen("running")

    assert resume(tmp_path, ladder, desk, "timeout") == ["n1"]
    assert resume(tmp_path, ladder, desk) == ["n2"]
    with pytest.raises(UsageError, match="choose from failed, timeout"):
        parse_states("finished")


def test_a_job_that_may_still_run_is_never_submitted_again(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path, (1,)), Desk()
    submit(tmp_path, ladder, desk)  # the desk knows nothing of it: too early to tell

    found = look(tmp_path, ladder, desk)["n1"]

    assert found.state == "unknown"
    assert resume(tmp_path, ladder, desk, "unknown") == []
    assert exit_code([found]) == 4


def test_results_of_another_study_do_not_count(tmp_path: Path) -> None:
    ladder, desk = start(tmp_path, (1,), launches=2), Desk()
    submit(tmp_path, ladder, desk)
    attempt = tmp_path / "jobs/n1/1"
    leave_results(attempt / "n1.1", ladder, Point(1, 0))  # in the wrong place
    ended(attempt)

    assert look(tmp_path, ladder, desk)["n1"].valid == 0
