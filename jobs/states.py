"""What became of a job: its own word first, the scheduler's as a second opinion.

    finished.json there      believed at once, whatever the queue still says
    queue: pending, running  believed, if the job has not said more
    queue: ended             explains why the job left no last word
    queue: knows no such job a fresh heartbeat says running; else lost, after a while
    could not be asked       a fresh heartbeat says running; else unknown

Unknown never becomes done: only the job's own last word with exit code 0 finishes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tenbin.jobs.schedulers.contract import QueryError, Scheduler, Seen, State
from tenbin.jobs.sentinel import Sentinel

LIVE: frozenset[State] = frozenset({"pending", "running"})
OPEN: frozenset[State] = LIVE | {"unknown"}
NOT_LISTED = "not listed"
STALE_BEATS = 5
GRACE_S = 180.0  # accounting may need minutes to know of an end
NEARLY_ALL = 0.98  # of its limit: whoever ended it, the time was up

# Exit codes of the job script that are not the program's own.
SCRIPT_CODES: Mapping[int, tuple[State, str]] = {
    124: ("timeout", "ran into its time limit"),
    137: ("failed", "was killed"),
}
WARNINGS = frozenset({"USR1", "XCPU"})  # what queues send before the time is up
FAREWELLS = frozenset({"USR2", "INT"})  # Grid Engine's qdel; a person at a terminal


@dataclass(frozen=True)
class Verdict:
    """The state of a job and the reason in words."""

    state: State
    reason: str = ""
    exit_code: int | None = None


def inquire(scheduler: Scheduler, ids: Sequence[str]) -> dict[str, Seen]:
    """Ask the queue once for all jobs, and the books once for those that are gone.

    A job nobody knows is `lost`, with the reason NOT_LISTED; where nobody could be
    asked it is `unknown`, with the reason.
    """
    if not ids:
        return {}
    try:
        queue = dict(scheduler.query(ids))
        missing = Seen("lost", NOT_LISTED)
    except QueryError as error:
        queue, missing = {}, Seen("unknown", str(error))
    gone = [job for job in ids if queue.get(job, missing).state not in LIVE]
    try:
        books = scheduler.account(gone) if gone else {}
    except QueryError as error:
        # A queue that forgets at once and books that are shut prove nothing.
        books, missing = {}, Seen("unknown", str(error))
    return {job: _better(queue.get(job), books.get(job)) or missing for job in ids}


def _better(queue: Seen | None, books: Seen | None) -> Seen | None:
    if books is None or books.state == "unknown":
        return queue or books
    if queue is not None and books.state in LIVE:
        return queue
    return books


def join(
    word: Sentinel,
    seen: Seen,
    now_s: float,
    submitted_s: float = 0.0,
    walltime_s: float = 0.0,
) -> Verdict:
    """Return the state of a job from its own word and the scheduler's. Times in s."""
    if word.exit_code is not None:
        return _finished(word, seen, walltime_s)
    if seen.state == "pending" and word.started_s is not None:
        return Verdict("pending", f"put back into the queue; {seen.reason}")
    if seen.state in LIVE:
        quiet = seen.state == "running" and word.started_s is None
        note = "no sign of the script yet" if quiet else _silence(word, now_s)
        return Verdict(seen.state, "; ".join(filter(None, [seen.reason, note])))
    if seen.state in ("unknown", "lost"):
        return _unseen(word, seen, now_s, submitted_s)
    return _ended(word, seen, walltime_s)


def _finished(word: Sentinel, seen: Seen, walltime_s: float) -> Verdict:
    code = word.exit_code
    assert code is not None
    if code == 0:
        return Verdict("finished", "", 0)
    if word.reason:
        return Verdict("failed", word.reason, code)
    if word.signal:
        return _signalled(word, seen, walltime_s)
    state, reason = SCRIPT_CODES.get(code, ("failed", f"ended with exit code {code}"))
    return Verdict(state, reason, code)


def _signalled(word: Sentinel, seen: Seen, walltime_s: float) -> Verdict:
    """Judge a script that was told to end: by its limit, by a person, by a fault."""
    told = f"ended by SIG{word.signal}"
    if seen.state in ("timeout", "cancelled"):
        return Verdict(seen.state, f"{told}; {seen.reason}", word.exit_code)
    if word.signal in WARNINGS or _time_was_up(word, word.finished_s, walltime_s):
        return Verdict("timeout", told, word.exit_code)
    state: State = "cancelled" if word.signal in FAREWELLS else "failed"
    return Verdict(state, told, word.exit_code)


def _ended(word: Sentinel, seen: Seen, walltime_s: float) -> Verdict:
    """Judge a job that the scheduler says ended, and that left no last word."""
    code = seen.exit_code
    if seen.state == "cancelled":
        return Verdict("cancelled", seen.reason, code)
    last_s = word.heartbeat_s or word.started_s
    if seen.state == "timeout" or _time_was_up(word, last_s, walltime_s):
        return Verdict("timeout", seen.reason or "its time was up", code)
    if word.started_s is None:
        said = seen.reason or f"the queue says {seen.state}"
        return Verdict("never_ran", f"the script left no word: {said}", code)
    if seen.state == "finished":
        return Verdict("failed", "ended without its last word", code)
    return Verdict("failed", seen.reason or "ended without its last word", code)


def _unseen(word: Sentinel, seen: Seen, now_s: float, submitted_s: float) -> Verdict:
    """Judge a job that the scheduler does not know, or could not be asked about."""
    if _is_fresh(word, now_s):
        return Verdict("running", f"by its heartbeat; the queue: {seen.reason}")
    silence = _silence(word, now_s)
    reason = "; ".join(filter(None, [seen.reason, silence]))
    if seen.state == "unknown":
        return Verdict("unknown", reason)
    last_s = max(submitted_s, word.started_s or 0.0, word.heartbeat_s or 0.0)
    if now_s - last_s < GRACE_S:
        return Verdict("unknown", f"{reason}; asked too early to tell")
    if word.started_s is None:
        return Verdict("lost", f"{reason}; the script never started")
    return Verdict("lost", f"{reason}; no last word")


def _is_fresh(word: Sentinel, now_s: float) -> bool:
    if word.heartbeat_s is None:
        return False
    return now_s - word.heartbeat_s < STALE_BEATS * word.heartbeat_every_s


def _silence(word: Sentinel, now_s: float) -> str:
    if word.heartbeat_s is None or _is_fresh(word, now_s):
        return ""
    return f"silent for {now_s - word.heartbeat_s:.0f} s"


def _time_was_up(word: Sentinel, at_s: float | None, walltime_s: float) -> bool:
    limit_s = word.limit_s or walltime_s
    if not limit_s or at_s is None or word.started_s is None:
        return False
    return at_s - word.started_s >= NEARLY_ALL * limit_s
