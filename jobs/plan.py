"""The plan of a campaign in rows and sentences: jobs, points, time, cost."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tenbin.errors import NoDataError
from tenbin.jobs import layout
from tenbin.jobs.campaign import Campaign
from tenbin.jobs.cost import both_ways, node_hours, price
from tenbin.jobs.ladder import PACKED, Ladder
from tenbin.jobs.queues import choose_queue
from tenbin.jobs.schedulers.directives import clock
from tenbin.jobs.submit import Attempt, script

WORTH_SAYING = 1.2


def first_attempts(ladder: Ladder) -> list[Attempt]:
    """Return the first attempt of every job.

    Raises NoDataError where no case fits any node count.
    """
    if not ladder.jobs:
        raise NoDataError(f"{ladder.campaign.name}: no case fits these node counts")
    return [Attempt(job, job.points, price(ladder, job)) for job in ladder.jobs]


def rows(ladder: Ladder, attempts: Sequence[Attempt]) -> list[dict[str, Any]]:
    """Return one row per job."""
    campaign = ladder.campaign
    return [
        {
            "job": attempt.job.key,
            "nodes": attempt.job.nodes,
            "ranks": attempt.job.nodes * campaign.ranks_per_node,
            "points": len(attempt.points),
            "results": ladder.expected(attempt.points),
            "wall time": clock(attempt.price.walltime_s),
            "queue": queue(campaign, attempt),
            "node-hours": round(attempt.price.node_hours, 3),
        }
        for attempt in attempts
    ]


def queue(campaign: Campaign, attempt: Attempt) -> str:
    """Return the queue of a job; raises UsageError where none takes it."""
    machine = campaign.machine
    wanted = campaign.queue or machine.queue
    nodes, walltime_s = attempt.job.nodes, attempt.price.walltime_s
    return choose_queue(machine.queues, nodes, walltime_s, wanted)


def sums(ladder: Ladder, attempts: Sequence[Attempt]) -> list[str]:
    """Return what it all costs at most, and whether the other mode costs less."""
    hours = node_hours(attempt.price for attempt in attempts)
    lines = [
        f"{len(attempts)} jobs, {sum(len(a.points) for a in attempts)} points: "
        f"at most {hours:.2f} node-hours{priced(ladder.campaign, hours)}"
    ]
    split, packed = both_ways(ladder)
    is_packed = any(attempt.job.key == PACKED for attempt in attempts)
    here, other = (packed, split) if is_packed else (split, packed)
    if max(here, other) > WORTH_SAYING * min(here, other) > 0:
        name = "split" if is_packed else "packed"
        lines.append(
            f"expected {here:.2f} node-hours for the measuring itself; {name} would "
            f"be {other:.2f}" + (", on the same nodes" if not is_packed else "")
        )
    return lines


def priced(campaign: Campaign, hours: float) -> str:
    """Return the cost in the machine's own unit, or nothing where that is the hour."""
    cost = campaign.machine.cost
    if cost.unit == "node-hours":
        return ""
    return f" = {hours * cost.per_node_hour:.2f} {cost.unit}"


def would_be(
    root: Path, campaign: Campaign, attempts: Sequence[Attempt]
) -> Iterator[tuple[Path, str]]:
    """Yield the path and the text of the script of each attempt."""
    for attempt in attempts:
        parent = layout.job_folder(root.absolute(), attempt.job.key)
        folder = parent / str(attempt.number)
        yield folder / layout.SCRIPT, script(campaign, attempt, folder)
