"""tenbin plan STUDY_OR_CAMPAIGN: what would be submitted, and what it costs."""

from pathlib import Path
from typing import Any

import click

from tenbin.cli.campaign import build, ladder_options
from tenbin.cli.rows import formatted


@click.command(short_help="Show the jobs of a study on a queue, and what they cost.")
@click.argument("study", metavar="STUDY_OR_CAMPAIGN")
@ladder_options
@click.option("--script", is_flag=True, help="Print the job scripts.")
@formatted
def command(study: str, script: bool, form: str, **given: Any) -> int:
    """Show jobs, points, node-hours and cost; ask no scheduler, write nothing.

    \b
    tenbin plan quick --machine generic-slurm --nodes 1,2,4,8
    """
    from tenbin.jobs.ladder import spell_out
    from tenbin.jobs.plan import first_attempts

    root, campaign = build(study, given)
    ladder = spell_out(campaign)
    for case, reason in ladder.declined[:10]:
        click.echo(f"skipped {case.key}: {reason}", err=True)
    if len(ladder.declined) > 10:
        click.echo(f"skipped {len(ladder.declined) - 10} more", err=True)
    if script:
        print_scripts(root, ladder, first_attempts(ladder))
        return 0
    show(ladder, first_attempts(ladder), form)
    return 0


def print_scripts(root: Path, ladder: Any, attempts: Any) -> None:
    """Print every script under the path it would have."""
    from tenbin.jobs.plan import would_be

    for path, text in would_be(root, ladder.campaign, attempts):
        click.echo(f"# ==> {path} <==", err=True)
        click.echo(text)


def show(ladder: Any, attempts: Any, form: str = "table") -> None:
    """Print the table of jobs on stdout, the sums on stderr."""
    from tenbin.cli.rows import print_rows
    from tenbin.jobs.plan import rows, sums

    print_rows(rows(ladder, attempts), form)
    for line in sums(ladder, attempts):
        click.echo(line, err=True)
