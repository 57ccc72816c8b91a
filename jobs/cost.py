"""What a campaign costs, before anything is submitted.

    split    sum of nodes x time         each point pays for its own nodes
    packed   most nodes x sum of times   one wait, the same nodes, all pay for the most

Times are upper bounds: a queue charges less where a job ends early.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tenbin.jobs.ladder import Job, Ladder, Point
from tenbin.runner import SETUP_SHARE

POINT_START_S = 10.0  # starting Python and MPI from a shared file system
JOB_START_S = 60.0
SAFETY = 1.5
LEAST_WALLTIME_S = 300
HOUR_S = 3600.0


@dataclass(frozen=True)
class Price:
    """One job: what it asks for, and how long it should really take."""

    job: str
    nodes: int
    walltime_s: int
    expected_s: float

    @property
    def node_hours(self) -> float:
        """Return the node-hours if the whole wall time is used."""
        return self.nodes * self.walltime_s / HOUR_S


def point_s(ladder: Ladder, point: Point) -> float:
    """Return the time in seconds a point should take."""
    case_s = ladder.campaign.study.measure.budget_s * (1.0 + SETUP_SHARE)
    return POINT_START_S + case_s * len(ladder.cases[point.nodes])


def price(
    ladder: Ladder,
    job: Job,
    points: Sequence[Point] | None = None,
    walltime_s: int | None = None,
) -> Price:
    """Return what a job asks for; `points` are those it still has to run."""
    wanted = job.points if points is None else points
    expected_s = JOB_START_S + sum(point_s(ladder, point) for point in wanted)
    asked = walltime_s or ladder.campaign.walltime_s
    minutes = math.ceil(SAFETY * expected_s / 60.0)
    return Price(
        job.key, job.nodes, asked or max(LEAST_WALLTIME_S, 60 * minutes), expected_s
    )


def node_hours(prices: Iterable[Price]) -> float:
    """Return the node-hours of several jobs."""
    return sum(price.node_hours for price in prices)


def both_ways(ladder: Ladder) -> tuple[float, float]:
    """Return the expected node-hours of the ladder split and packed."""
    times = [(point.nodes, point_s(ladder, point)) for point in ladder.points]
    split = sum(nodes * time_s for nodes, time_s in times)
    packed = max(ladder.cases, default=0) * sum(time_s for _, time_s in times)
    return split / HOUR_S, packed / HOUR_S
