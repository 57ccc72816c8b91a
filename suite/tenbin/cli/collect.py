"""tenbin collect CAMPAIGN: the records of all jobs as one run."""

from pathlib import Path

import click

from tenbin.cli.campaign import find

FAILED, STILL_RUNNING = 1, 4


@click.command(short_help="Gather the records of all jobs, also while they run.")
@click.argument("campaign", metavar="CAMPAIGN_OR_STUDY")
@click.option("--out", type=click.Path(path_type=Path),
              help="Run folder [default: the campaign itself].")  # fmt: skip
def command(campaign: str, out: Path | None) -> int:
    """Write one run folder with each result once; tenbin report reads it.

    Asks no scheduler. Exit codes: 0 all results are there and valid, 1 some failed,
    4 some are still to come, 5 there is none.
    """
    from tenbin.jobs.campaign import load
    from tenbin.jobs.collect import collect
    from tenbin.jobs.ladder import spell_out

    root = find(campaign)
    target = out or root
    counted = collect(root, spell_out(load(root)), target)
    for line in counted.sentences():
        click.echo(line, err=True)
    click.echo(
        f"records: {target / 'records.jsonl'} "
        f"({counted.valid} of {counted.expected} valid)"
    )
    click.echo(f"next: tenbin report {target}", err=True)
    if counted.missing:
        return STILL_RUNNING
    return FAILED if counted.bad else 0
