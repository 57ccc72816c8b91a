"""Wait until the last job has ended, asking less and less often; cancel none."""

import random
import time
from collections.abc import Callable, Sequence

from tenbin.jobs.status import JobStatus

QUEUE_S = 10.0, 180.0  # first and longest pause between two questions
GROWTH = 1.5
LOCAL_S = 1.0, 4.0  # asking this machine costs nobody anything


def wait(
    ask: Callable[[], Sequence[JobStatus]],
    report: Callable[[Sequence[JobStatus]], object],
    timeout_s: float | None = None,
    pauses_s: tuple[float, float] = QUEUE_S,
) -> Sequence[JobStatus]:
    """Ask until no job moves, or `timeout_s` has passed; return the last answer.

    Pauses grow from the first to the longest of `pauses_s`, with jitter, and shrink
    again when something has changed.
    """
    first_s, most_s = pauses_s
    end_s = time.monotonic() + timeout_s if timeout_s is not None else float("inf")
    pause_s, before = first_s, None
    while True:
        found = ask()
        report(found)
        now = [(job.state, job.valid) for job in found]
        pause_s = first_s if now != before else min(most_s, pause_s * GROWTH)
        before = now
        left_s = end_s - time.monotonic()
        if not any(job.moving for job in found) or left_s <= 0:
            return found
        time.sleep(min(left_s, pause_s * random.uniform(0.8, 1.2)))
