"""What became of every job: results first, then the job's own word, then the queue.

all results valid               finished, whatever the queue says
own word + one query for all    `tenbin.jobs.states`
ended without all results       failed, with what is missing
submission interrupted          unknown, with the name to look for
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tenbin.jobs import layout, sentinel
from tenbin.jobs.harvest import valid_cases, wanted_cases
from tenbin.jobs.ladder import Job, Ladder, Point, point_study
from tenbin.jobs.render import QUEUE_LOG
from tenbin.jobs.schedulers.contract import Scheduler, Seen, State
from tenbin.jobs.sentinel import Sentinel
from tenbin.jobs.states import OPEN, Verdict, inquire, join
from tenbin.jobs.submit import Intent, Refused, Submitted

NOT_SUBMITTED = "not submitted"
BY_USER = "asked for by tenbin cancel"
INTERRUPTED = "submission was interrupted; look for it with:"
LOOK_FOR = {
    "slurm": "squeue --name={name}",
    "pbs": "qselect -N {name}",
    "gridengine": "qstat -j {name}",
    "pjm": "pjstat -v",
    "local": "ps -ef",
}


@dataclass(frozen=True)
class Look:
    """The last attempt of a job as its files tell it; `id` is empty where unknown."""

    job: Job
    attempt: Path | None = None
    intent: Intent | None = None
    id: str = ""
    submitted_s: float = 0.0
    refused: str = ""
    cancelled: bool = False
    word: Sentinel = field(default_factory=Sentinel)


@dataclass(frozen=True)
class JobStatus:
    """A job of the ladder: its state, why, and how many results it has and should."""

    look: Look
    state: State
    reason: str
    valid: int
    expected: int
    left: tuple[Point, ...]

    @property
    def complete(self) -> bool:
        """Return whether every result is there and valid."""
        return self.valid == self.expected

    @property
    def moving(self) -> bool:
        """Return whether waiting may change it."""
        return self.state in OPEN and bool(self.look.id)


def look_at(root: Path, job: Job) -> Look:
    """Read the files of a job's last attempt."""
    known = layout.attempts(root, job.key)
    if not known:
        return Look(job)
    attempt = known[-1]
    submitted = layout.read(attempt / layout.SUBMITTED, Submitted)
    refused = layout.read(attempt / layout.REFUSED, Refused)
    word = sentinel.read(attempt)
    return Look(
        job,
        attempt,
        layout.read(attempt / layout.INTENT, Intent),
        submitted.id if submitted else word.job_id,
        submitted.time_s if submitted else 0.0,
        refused.words if refused and not submitted else "",
        (attempt / layout.CANCELLED).exists(),
        word,
    )


def status(root: Path, ladder: Ladder, scheduler: Scheduler) -> list[JobStatus]:
    """Return what became of every job, with one query for all of them."""
    looks = [look_at(root, job) for job in ladder.jobs]
    seen = inquire(scheduler, [look.id for look in looks if _must_ask(look)])
    now_s = time.time()
    return [_judge(root, ladder, look, seen, scheduler, now_s) for look in looks]


def _must_ask(look: Look) -> bool:
    return bool(look.id) and (look.word.exit_code is None or bool(look.word.signal))


def _judge(
    root: Path,
    ladder: Ladder,
    look: Look,
    seen: dict[str, Seen],
    scheduler: Scheduler,
    now_s: float,
) -> JobStatus:
    verdict = _verdict(look, seen, scheduler, now_s)
    attempts = layout.attempts(root, look.job.key) if look.attempt else []
    valid = expected = 0
    left = []
    for point in look.job.points:
        planned = {case.key for case in ladder.cases[point.nodes]}
        wanted = wanted_cases(attempts, point, planned)
        own = point_study(ladder.campaign, point)
        found = wanted & valid_cases(attempts, point, own)
        valid, expected = valid + len(found), expected + len(wanted)
        left += [point] if found < wanted else []
    verdict = _results_decide(verdict, expected - valid, expected)
    return JobStatus(look, verdict.state, verdict.reason, valid, expected, tuple(left))


def _results_decide(verdict: Verdict, lacking: int, expected: int) -> Verdict:
    if verdict.state in OPEN:
        return verdict
    if not lacking:
        return Verdict("finished", "")
    if verdict.state == "finished":
        why = f"it ended well, but {lacking} of {expected} results are missing"
        return Verdict("failed", why)
    return verdict


def _verdict(
    look: Look, seen: dict[str, Seen], scheduler: Scheduler, now_s: float
) -> Verdict:
    if look.attempt is None:
        return Verdict("never_ran", NOT_SUBMITTED)
    if not look.id and look.word.started_s is None:
        if look.refused:
            return Verdict("never_ran", f"refused: {look.refused}")
        name = look.intent.name if look.intent else look.job.key
        how = LOOK_FOR.get(scheduler.name, "").format(name=name)
        return Verdict("unknown", f"{INTERRUPTED} {how} ({name})")
    nobody = Seen("unknown", "its id was not written down")
    wall_s = look.intent.walltime_s if look.intent else 0
    said = seen.get(look.id, nobody)
    if look.cancelled and said.state == "lost" and look.word.started_s is None:
        return Verdict("cancelled", BY_USER)  # it left the queue without a word
    verdict = join(look.word, said, now_s, look.submitted_s, wall_s)
    if look.cancelled and verdict.state not in OPEN and verdict.state != "finished":
        return replace(verdict, state="cancelled", reason=BY_USER)
    return verdict


def log_of(look: Look) -> Path | None:
    """Return the log that says most: the script's own, or the scheduler's."""
    if look.attempt is None:
        return None
    place = look.word.place if look.word.started_s is not None else look.attempt
    logs = (place / layout.LOG, look.attempt / QUEUE_LOG)
    return next((log for log in logs if log.is_file()), None)


def log_tail(look: Look, lines: int = 10, most_bytes: int = 8192) -> list[str]:
    """Return the last lines of the job's log."""
    log = log_of(look)
    if log is None:
        return []
    with log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - most_bytes))
        text = file.read().decode(errors="replace")
    return [line[:400] for line in text.splitlines() if line.strip()][-lines:]


def exit_code(found: Sequence[JobStatus]) -> int:
    """Return 0 where all is complete, 4 where something may still come, else 1."""
    if all(job.complete for job in found):
        return 0
    return 4 if any(job.moving for job in found) else 1
