"""Which jobs to submit, first or again: only those that lack a valid result.

    submit    never submitted, or refused by the scheduler
    resume    ended without all results; only their points that lack some

A job that may still run is never submitted again. One whose submission was interrupted
may sit in the queue: it counts as gone only where the user says so (`--state unknown`).
"""

from collections.abc import Collection, Sequence

from tenbin.errors import unknown
from tenbin.jobs.cost import price
from tenbin.jobs.ladder import Ladder
from tenbin.jobs.schedulers.contract import State
from tenbin.jobs.status import JobStatus
from tenbin.jobs.submit import Attempt

ENDED: tuple[State, ...] = ("failed", "timeout", "lost", "cancelled", "never_ran")
CHOICES = (*ENDED, "unknown")


def parse_states(text: str) -> tuple[str, ...]:
    """Return the states of `failed,timeout`; all that ended for an empty text."""
    states = tuple(word.strip() for word in text.split(",") if word.strip())
    for state in states:
        if state not in CHOICES:
            raise unknown("state to resume", state, CHOICES)
    return states or ENDED


def fresh(ladder: Ladder, found: Sequence[JobStatus]) -> list[Attempt]:
    """Return the jobs that no queue has ever taken."""
    return [
        _next(ladder, job)
        for job in found
        if job.left and (job.look.attempt is None or job.look.refused)
    ]


def again(
    ladder: Ladder,
    found: Sequence[JobStatus],
    states: Collection[str],
    walltime_s: int | None = None,
) -> list[Attempt]:
    """Return the jobs in one of the states, with the points that lack results."""
    return [
        _next(ladder, job, walltime_s)
        for job in found
        if job.left and job.state in states and not job.moving
    ]


def _next(ladder: Ladder, status: JobStatus, walltime_s: int | None = None) -> Attempt:
    job, last = status.look.job, status.look.attempt
    cost = price(ladder, job, status.left, walltime_s)
    return Attempt(job, status.left, cost, int(last.name) + 1 if last else 1)
