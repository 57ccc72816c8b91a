"""tenbin submit STUDY_OR_CAMPAIGN: hand the jobs to the queue and walk away."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenbin.cli.campaign import advise, build, ladder_options, opened
from tenbin.cli.plan import print_scripts, show

if TYPE_CHECKING:
    from tenbin.jobs.campaign import Campaign
    from tenbin.jobs.ladder import Ladder
    from tenbin.jobs.schedulers.contract import Scheduler
    from tenbin.jobs.submit import Attempt

NODE_HOURS = 10.0


@click.command(short_help="Submit a study to a queue and walk away.")
@click.argument("study", metavar="STUDY_OR_CAMPAIGN")
@ladder_options
@click.option("--script", is_flag=True, help="Print the scripts; submit nothing.")
@click.option("--yes", is_flag=True, help="Do not ask above the limit.")
@click.option("--limit", type=float, default=NODE_HOURS, show_default=True,
              help="Ask above so many node-hours.")  # fmt: skip
def command(study: str, script: bool, yes: bool, limit: float, **given: Any) -> int:
    """Submit every job that no queue has taken yet; a second submit adds nothing.

    \b
    tenbin submit quick --machine generic-slurm --nodes 1,2,4,8
    """
    from tenbin.jobs.campaign import create, is_campaign
    from tenbin.jobs.ladder import spell_out
    from tenbin.jobs.plan import first_attempts
    from tenbin.jobs.resume import fresh
    from tenbin.jobs.status import status

    root, campaign = build(study, given)
    ladder = spell_out(campaign)
    first = first_attempts(ladder)
    if script:
        print_scripts(root, ladder, first)
        return 0
    if not is_campaign(root):
        check(root, campaign, first)
        show(ladder, first)
        agree(first, limit, yes)
    create(root, campaign)
    ladder, scheduler = opened(root)
    hand_in(root, ladder, scheduler, fresh(ladder, status(root, ladder, scheduler)))
    advise(root, status(root, ladder, scheduler))
    return 0


def check(root: Path, campaign: "Campaign", attempts: Sequence["Attempt"]) -> None:
    """Refuse what cannot be written into a script before anything exists."""
    from tenbin.jobs.plan import would_be

    for _ in would_be(root, campaign, attempts[-1:]):
        pass


def agree(attempts: Sequence["Attempt"], limit: float, yes: bool) -> None:
    """Ask above `limit` node-hours, unless the answer was given; else abort."""
    from tenbin.jobs.cost import node_hours

    hours = node_hours(attempt.price for attempt in attempts)
    if hours > limit and not yes:
        click.confirm(
            f"submit {hours:.2f} node-hours (the limit is {limit:g})?",
            abort=True,
            err=True,
        )


def hand_in(
    root: Path,
    ladder: "Ladder",
    scheduler: "Scheduler",
    attempts: Sequence["Attempt"],
) -> None:
    """Submit the attempts and print which job got which id."""
    from tenbin.jobs.submit import submit_all

    if not attempts:
        click.echo(f"{root}: nothing to submit", err=True)
    for job, number in submit_all(root, ladder.campaign, scheduler, attempts):
        click.echo(f"{job}  {number}")
    click.echo(f"campaign: {root}", err=True)
