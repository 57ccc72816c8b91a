"""Collect: the records of all attempts as one run, while jobs may still be running.

    jobs/n1/1/n1.0/records.jsonl ┐                            each (case, launch) once:
    jobs/n4/1/n4.0/records.jsonl ├─► run.json, records.jsonl  valid before invalid,
    jobs/n4/2/n4.0/records.jsonl ┘                            then the latest attempt

Nothing is taken away from the attempts, so collecting again gives the same table, or a
longer one. Two passes: the first keeps places, not records, since the raw samples of a
large campaign do not fit into memory.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tenbin import __version__
from tenbin.errors import NoDataError
from tenbin.jobs import layout
from tenbin.jobs.harvest import own_runs, wanted_cases
from tenbin.jobs.ladder import Job, Ladder, Point, point_study
from tenbin.record import Record, RunInfo
from tenbin.results import store
from tenbin.results.store import Run

Key = tuple[str, int]  # case, launch
MACHINE_FACTS = ("cpu", "mpi", "blas", "gpus")


@dataclass(frozen=True)
class Source:
    """A run of one point in one attempt."""

    job: Job
    point: Point
    wanted: frozenset[str]
    folder: Path
    run: Run


@dataclass
class Collected:
    """What was gathered, and what was left out and why."""

    records: int = 0
    valid: int = 0
    expected: int = 0
    unreadable: list[Path] = field(default_factory=list)
    foreign: int = 0
    torn: int = 0
    newer: int = 0
    duplicates: int = 0
    machines: int = 1

    @property
    def bad(self) -> int:
        """Return the number of results that are there and not valid."""
        return self.records - self.valid

    @property
    def missing(self) -> int:
        """Return the number of results that are not there."""
        return self.expected - self.records

    def sentences(self) -> list[str]:
        """Return one line for everything that the table does not show."""
        reasons = (
            (self.torn, "torn or damaged lines left out"),
            (self.newer, "lines of a newer tenbin left out"),
            (self.foreign, "records of something else left out"),
            (self.duplicates, "results measured again: one of each kept"),
            (len(self.unreadable), "run folders not of this campaign, or damaged"),
            (self.bad, "failed or wrong"),
            (self.missing, "not there yet"),
        )
        lines = [f"{count} {why}" for count, why in reasons if count]
        lines += [f"    {path}" for path in self.unreadable[:5]]
        if self.machines > 1:
            lines.append(f"{self.machines} kinds of machine took part: curves mix them")
        return lines


def collect(root: Path, ladder: Ladder, out: Path) -> Collected:
    """Write the table of a campaign into the run folder `out`, atomically.

    Raises NoDataError where no job has left a record.
    """
    counted = Collected()
    sources = list(_sources(root, ladder, counted))
    chosen = _choose(sources, counted)
    if not chosen:
        raise NoDataError(f"{root}: no job has left a record yet")
    info = _describe(root, ladder, [source.run for source in sources])
    out.mkdir(parents=True, exist_ok=True)
    _write_records(out / store.RECORDS, info.run_id, sources, chosen)
    layout.write(out / store.INFO, info)
    return counted


def _sources(root: Path, ladder: Ladder, counted: Collected) -> Iterator[Source]:
    for job in ladder.jobs:
        attempts = layout.attempts(root, job.key)
        for point in job.points:
            planned = {case.key for case in ladder.cases[point.nodes]}
            wanted = wanted_cases(attempts, point, planned)
            counted.expected += len(wanted)
            own = point_study(ladder.campaign, point)
            for folder, run in own_runs(attempts, point, own):
                if run is None:
                    counted.unreadable.append(folder)
                else:
                    yield Source(job, point, frozenset(wanted), folder, run)


def _choose(sources: list[Source], counted: Collected) -> dict[Key, tuple[int, int]]:
    """Return for each (case, launch) the source and the place that represent it."""
    best: dict[Key, tuple[bool, int, int]] = {}
    for number, source in enumerate(sources):
        skipped = source.run.skipped
        counted.torn += skipped.torn
        counted.newer += skipped.newer
        counted.foreign += skipped.foreign
        counted.duplicates += skipped.duplicates
        for place, record in enumerate(source.run.records):
            if record.case not in source.wanted:
                counted.foreign += 1
                continue
            key = (record.case, source.point.launch)
            counted.duplicates += key in best
            if key not in best or (record.valid, number) > best[key][:2]:
                best[key] = (record.valid, number, place)
    counted.records = len(best)
    counted.valid = sum(valid for valid, _, _ in best.values())
    kinds = {_kind(source.run.info) for source in sources}
    counted.machines = max(1, len(kinds))
    return {key: (number, place) for key, (_, number, place) in best.items()}


def _kind(info: RunInfo) -> bytes:
    facts = {key: info.machine.get(key) for key in MACHINE_FACTS}
    return msgspec.json.encode(_steady(facts), order="sorted")


def _steady(facts: Any) -> Any:
    """Return the facts without numbers that differ from one moment to the next."""
    if isinstance(facts, dict):
        return {key: _steady(value) for key, value in facts.items()}
    if isinstance(facts, list):
        return [_steady(value) for value in facts]
    return facts if isinstance(facts, str) else None


def _describe(root: Path, ladder: Ladder, runs: list[Run]) -> RunInfo:
    campaign = ladder.campaign
    first = min(runs, key=lambda run: run.info.created).info
    revisions = Counter(run.info.revision for run in runs)
    return RunInfo(
        run_id=f"{campaign.name}-{campaign.machine.name}-{campaign.created}",
        name=campaign.name,
        created=first.created,
        command=["tenbin", "collect", root.name],
        fingerprint=campaign.study.fingerprint,
        study=msgspec.to_builtins(campaign.study),
        machine={**first.machine, "campaign": _about(ladder)},
        tenbin=__version__,
        revision=revisions.most_common(1)[0][0],
        dirty=any(run.info.dirty for run in runs),
    )


def _about(ladder: Ladder) -> dict[str, Any]:
    campaign = ladder.campaign
    return {
        "machine": campaign.machine.name,
        "scheduler": campaign.machine.scheduler,
        "nodes": list(campaign.nodes),
        "ranks_per_node": campaign.ranks_per_node,
        "packed": campaign.packed,
    }


def _write_records(
    path: Path, run_id: str, sources: list[Source], chosen: dict[Key, tuple[int, int]]
) -> None:
    number, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(number, "wb") as file:
        for (_, launch), (source, place) in sorted(
            chosen.items(), key=lambda item: item[1]
        ):
            record = _renamed(sources[source], place, run_id, launch)
            file.write(msgspec.json.encode(record) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    os.chmod(fresh, 0o644)
    os.replace(fresh, path)


def _renamed(source: Source, place: int, run_id: str, launch: int) -> Record:
    origin = {"job": source.job.key, "attempt": int(source.folder.parent.name)}
    record = source.run.records[place]
    return msgspec.structs.replace(
        record,
        run_id=run_id,
        launch=launch,
        details={**record.details, "campaign": origin},
    )
