"""Cancel the jobs of a campaign that may still run, and note that it was asked for."""

from collections.abc import Collection, Sequence

from tenbin.jobs import layout
from tenbin.jobs.schedulers.contract import Scheduler
from tenbin.jobs.status import JobStatus
from tenbin.record import utc_now


def cancel(
    found: Sequence[JobStatus], scheduler: Scheduler, only: Collection[str] = ()
) -> list[JobStatus]:
    """Cancel jobs that may still run, all or `only` some by key; return them."""
    wanted = [
        job for job in found if job.moving and (not only or job.look.job.key in only)
    ]
    for job in wanted:
        assert job.look.attempt is not None
        layout.write(job.look.attempt / layout.CANCELLED, {"asked": utc_now()})
    if wanted:
        scheduler.cancel([job.look.id for job in wanted])
    return wanted
