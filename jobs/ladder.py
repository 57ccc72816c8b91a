"""The ladder: which points a campaign has, and which jobs run them.

    split    n1: n1.0 n1.1        packed    all: n1.0 n2.0 n4.0   a round
             n2: n2.0 n2.1                       n1.1 n2.1 n4.1   the next
             n4: n4.0 n4.1

A point is all cases of one node count in one launch. In a packed job the node counts
take turns, so that drift of the machine meets all of them alike.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tenbin.case import Case
from tenbin.expand import Expansion, expand
from tenbin.jobs.campaign import Campaign
from tenbin.study import Study

PACKED = "packed"


@dataclass(frozen=True, order=True)
class Point:
    """One node count in one launch."""

    nodes: int
    launch: int

    @property
    def key(self) -> str:
        """Return the readable name, e.g. `n4.0`."""
        return f"n{self.nodes}.{self.launch}"


@dataclass(frozen=True)
class Job:
    """What one job of the ladder runs, in this order."""

    key: str
    nodes: int
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Ladder:
    """A campaign spelled out: its jobs, and the cases of each node count."""

    campaign: Campaign
    jobs: tuple[Job, ...]
    cases: Mapping[int, tuple[Case, ...]]
    declined: tuple[tuple[Case, str], ...]

    @property
    def points(self) -> list[Point]:
        """Return every point, job by job."""
        return [point for job in self.jobs for point in job.points]

    def expected(self, points: Collection[Point]) -> int:
        """Return the number of results that the points make."""
        return sum(len(self.cases[point.nodes]) for point in points)


def spell_out(campaign: Campaign, here: bool = False) -> Ladder:
    """Return the ladder of a campaign; node counts without any case are left out.

    What a machine lacks counts only `here`, on a compute node. Raises UsageError as
    `study.expand` does.
    """
    expansion = expand(campaign.study, here=here)
    cases: dict[int, list[Case]] = defaultdict(list)
    for case in expansion.cases:
        cases[case.ranks // campaign.ranks_per_node].append(case)
    nodes = [count for count in campaign.nodes if cases.get(count)]
    found = {count: tuple(cases[count]) for count in nodes}
    jobs = _jobs(nodes, campaign.study.launch.launches, campaign.packed)
    return Ladder(campaign, jobs, found, expansion.declined)


def _jobs(nodes: Sequence[int], launches: int, packed: bool) -> tuple[Job, ...]:
    if packed and nodes:
        rounds = (Point(count, turn) for turn in range(launches) for count in nodes)
        return (Job(PACKED, max(nodes), tuple(rounds)),)
    return tuple(
        Job(f"n{count}", count, tuple(Point(count, turn) for turn in range(launches)))
        for count in nodes
    )


def point_study(campaign: Campaign, point: Point) -> Study:
    """Return what one point measures: its own ranks, one launch with a seed of its own.

    The seed orders the cases and fills the operands; launches differ in both. Points
    run at the same time: each has checkpoints of its own.
    """
    study = campaign.study
    ranks = point.nodes * campaign.ranks_per_node
    files = study.files
    if files.checkpoints:
        own = str(Path(files.checkpoints) / point.key)
        files = msgspec.structs.replace(files, checkpoints=own)
    return msgspec.structs.replace(
        study,
        files=files,
        launch=msgspec.structs.replace(study.launch, ranks=ranks, launches=1),
        measure=msgspec.structs.replace(
            study.measure, seed=study.measure.seed + point.launch
        ),
    )


def fingerprint(campaign: Campaign, point: Point) -> str:
    """Return the hash of everything that decides what the point measures, to show."""
    return point_study(campaign, point).fingerprint


def missing(cases: Sequence[Case], done: Collection[str]) -> Expansion:
    """Return the cases of a point that have no valid result yet."""
    return Expansion(tuple(case for case in cases if case.key not in done), ())
