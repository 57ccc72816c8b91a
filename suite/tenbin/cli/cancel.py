"""tenbin cancel CAMPAIGN: end its jobs; results stay."""

import click

from tenbin.cli.campaign import advise, find, opened


@click.command(short_help="Cancel the jobs of a campaign; results stay.")
@click.argument("campaign", metavar="CAMPAIGN_OR_STUDY")
@click.option("--job", "jobs", multiple=True, metavar="n4", help="Only this one.")
def command(campaign: str, jobs: tuple[str, ...]) -> int:
    """Cancel every job that may still run, or those named with --job."""
    from tenbin.errors import unknown
    from tenbin.jobs.cancel import cancel
    from tenbin.jobs.status import status

    root = find(campaign)
    ladder, scheduler = opened(root)
    keys = [job.key for job in ladder.jobs]
    for job in jobs:
        if job not in keys:
            raise unknown("job", job, keys)
    ended = cancel(status(root, ladder, scheduler), scheduler, jobs)
    for status_ in ended:
        click.echo(f"{status_.look.job.key}  {status_.look.id}")
    if not ended:
        click.echo(f"{root}: no job to cancel", err=True)
    advise(root, status(root, ladder, scheduler))
    return 0
