"""tenbin resume CAMPAIGN: submit again what lacks a valid result."""

import click

from tenbin.cli.campaign import advise, find, opened
from tenbin.cli.submit import NODE_HOURS, agree, hand_in


@click.command(short_help="Submit again only what lacks a valid result.")
@click.argument("campaign", metavar="CAMPAIGN_OR_STUDY")
@click.option("--state", "states", default="", metavar="failed,timeout",
              help="Only jobs that ended so [default: all that ended].")  # fmt: skip
@click.option("--time", "walltime", metavar="1h30m", help="Another wall time.")
@click.option("--adopt", multiple=True, metavar="n4=ID",
              help="This job is in the queue under ID.")  # fmt: skip
@click.option("--script", is_flag=True, help="Print the scripts; submit nothing.")
@click.option("--yes", is_flag=True, help="Do not ask above the limit.")
@click.option("--limit", type=float, default=NODE_HOURS, show_default=True,
              help="Ask above so many node-hours.")  # fmt: skip
def command(
    campaign: str,
    states: str,
    walltime: str | None,
    adopt: tuple[str, ...],
    script: bool,
    yes: bool,
    limit: float,
) -> int:
    """Submit the points without a valid result as new attempts, never a running one.

    A submission that was interrupted is left alone until you have looked at the queue:
    then --adopt says it is there, --state unknown that it is not.
    """
    from tenbin.cli.plan import print_scripts, show
    from tenbin.jobs.duration import parse_duration
    from tenbin.jobs.resume import again, parse_states
    from tenbin.jobs.status import status
    from tenbin.jobs.submit import adopt_by_text

    root = find(campaign)
    wanted = parse_states(states)
    ladder, scheduler = opened(root)
    adopt_by_text(root, adopt, [job.key for job in ladder.jobs])
    limit_s = parse_duration(walltime) if walltime else None
    attempts = again(ladder, status(root, ladder, scheduler), wanted, limit_s)
    if script:
        print_scripts(root, ladder, attempts)
        return 0
    if attempts:
        show(ladder, attempts)
        agree(attempts, limit, yes)
    hand_in(root, ladder, scheduler, attempts)
    advise(root, status(root, ladder, scheduler))
    return 0
