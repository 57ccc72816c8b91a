"""tenbin wait CAMPAIGN: until its last job has ended."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from tenbin.cli.campaign import advise, find, opened, summary
from tenbin.cli.status import show
from tenbin.progress import progress_bar

if TYPE_CHECKING:
    from tenbin.jobs.status import JobStatus


@click.command(short_help="Wait until the jobs have ended; cancels none.")
@click.argument("campaign", metavar="CAMPAIGN_OR_STUDY")
@click.option("--timeout", metavar="1h30m", help="Give up after so long.")
def command(campaign: str, timeout: str | None) -> int:
    """Ask the queue less and less often until no job moves. Ctrl-C cancels no job.

    Exit codes: 0 all results are valid, 1 some are not, 4 jobs are still to come.
    """
    from tenbin.jobs import wait as waiting
    from tenbin.jobs.duration import parse_duration
    from tenbin.jobs.status import exit_code, status

    root = find(campaign)
    ladder, scheduler = opened(root)
    limit_s = parse_duration(timeout) if timeout else None
    here = scheduler.name == "local"
    pauses_s = waiting.LOCAL_S if here else waiting.QUEUE_S
    said = {""}

    with progress_bar("wait") as advance:

        def report(found: Sequence["JobStatus"]) -> None:
            done, total = sum(j.valid for j in found), sum(j.expected for j in found)
            line = summary(found)
            advance(done, total, line)
            if line not in said and not sys.stderr.isatty():
                click.echo(line, err=True)
            said.add(line)

        try:
            found = waiting.wait(
                lambda: status(root, ladder, scheduler), report, limit_s, pauses_s
            )
        except KeyboardInterrupt:
            click.echo("no job was cancelled", err=True)
            raise
    show(root, found)
    advise(root, found)
    return exit_code(found)
