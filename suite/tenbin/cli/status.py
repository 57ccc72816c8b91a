"""tenbin status CAMPAIGN: what became of the jobs, why, and what to do next."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenbin.cli.campaign import advise, find, opened, summary
from tenbin.cli.rows import formatted

if TYPE_CHECKING:
    from tenbin.jobs.status import JobStatus

TAILS = 3
QUIET = ("pending", "running", "finished")


@click.command(short_help="What became of the jobs, why, and what to do next.")
@click.argument("campaign", metavar="CAMPAIGN_OR_STUDY")
@formatted
def command(campaign: str, form: str) -> int:
    """Ask the queue once for all jobs; problems come last, with the end of their log.

    A queue that cannot be asked makes jobs unknown, never ended. Exit codes: 0 all
    results are valid, 1 some are not, 4 jobs may still bring theirs.
    """
    from tenbin.jobs.status import exit_code, status

    root = find(campaign)
    found = status(root, *opened(root))
    show(root, found, form)
    advise(root, found)
    return exit_code(found)


def show(root: Path, found: Sequence["JobStatus"], form: str = "table") -> None:
    """Print one row per job on stdout; on stderr the sums and the last log lines."""
    from tenbin.cli.rows import print_rows
    from tenbin.jobs.status import log_of, log_tail

    ordered = sorted(found, key=lambda job: job.state not in QUIET)
    print_rows([row(job, form) for job in ordered], form)
    for job in [job for job in ordered if job.state not in QUIET][-TAILS:]:
        for line in log_tail(job.look):
            click.echo(f"    {line}", err=True)
        log = log_of(job.look)
        if log is not None:
            click.echo(f"{job.look.job.key} {job.state}: {log}", err=True)
    click.echo(f"{root}: {summary(found)}", err=True)


def row(job: "JobStatus", form: str) -> dict[str, Any]:
    """Return what one line says of a job; data formats have the raw values."""
    look = job.look
    shared = {
        "job": look.job.key,
        "nodes": look.job.nodes,
        "state": job.state,
        "id": look.id,
        "attempt": int(look.attempt.name) if look.attempt else 0,
    }
    if form == "table":
        shared["results"] = f"{job.valid}/{job.expected}"
    else:
        shared |= {"valid": job.valid, "expected": job.expected}
        shared["folder"] = str(look.attempt or "")
    return {**shared, "reason": job.reason}
