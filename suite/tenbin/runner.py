"""Run a study here: group its cases into launches, start ranks, survive failures.

    for each launch:                    the unit of replication
        for each placement:             one mpiexec per placement
            start ranks on the cases that have no valid record yet
            a launch that dies ends one case as failed or timeout; start the rest again

Everything is found again from the run folder, so a killed run goes on where it was.
"""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from tenbin import __version__, job, machine
from tenbin.case import Case
from tenbin.errors import TenbinError, UsageError
from tenbin.expand import Expansion
from tenbin.kernels import load
from tenbin.launcher import Ended, Mpiexec, find_mpiexec, launch
from tenbin.leftovers import remove_segments
from tenbin.overhead import call_overhead
from tenbin.peak import measure_peaks
from tenbin.record import Record, RunInfo, Status, describe, utc_now
from tenbin.results import store
from tenbin.study import Study

START_S = 1.5  # starting ranks and importing, per launch
WRITER_GONE_S = 10.0
SETUP_SHARE = 1.0  # operands, warm-up and checks, over the timed budget


@dataclass(frozen=True)
class Group:
    """Cases with one placement in one launch: what one mpiexec runs."""

    launch: int
    ranks: int
    ranks_per_node: int
    cases: tuple[Case, ...]


def estimate_s(study: Study, expansion: Expansion) -> float:
    """Return the longest time in seconds that what has a budget should take here."""
    groups = list(plan(study, expansion))
    per_case = study.measure.budget_s * (1.0 + SETUP_SHARE)
    bounded = len(expansion.cases) - courses(study, expansion)
    return len(groups) * START_S + per_case * bounded * study.launch.launches


def courses(study: Study, expansion: Expansion) -> int:
    """Return how many cases are courses, such as training runs, without a budget."""
    counts = Counter(case.kernel for case in expansion.cases)
    return sum(counts[name] for name in counts if load(name, study.kernels).course)


def plan(study: Study, expansion: Expansion) -> Iterator[Group]:
    """Yield the groups of all launches, each with its cases in an order of its own.

    Cases of one problem stay together, so that variants are compared under the same
    conditions; problems are shuffled, so that drift does not follow the sweep.
    """

    def placement(case: Case) -> tuple[int, int]:
        return case.ranks, case.ranks_per_node

    ordered = sorted(expansion.cases, key=placement)
    for number in range(study.launch.launches):
        for (ranks, per_node), cases in groupby(ordered, key=placement):
            shuffled = _shuffle(tuple(cases), f"{study.measure.seed}/{number}")
            yield Group(number, ranks, per_node, shuffled)


def _shuffle(cases: tuple[Case, ...], seed: str) -> tuple[Case, ...]:
    blocks: dict[tuple[str, str, str], list[Case]] = {}
    for case in cases:
        block = (case.kernel, case.problem.label, case.dtype)
        blocks.setdefault(block, []).append(case)
    order = random.Random(seed)
    names = sorted(blocks)
    order.shuffle(names)
    for name in names:
        order.shuffle(blocks[name])
    return tuple(case for name in names for case in blocks[name])


def open_run(path: Path, study: Study) -> RunInfo:
    """Create the run folder, or find it again; refuse one of another study."""
    if (path / "run.json").exists():
        info = store.read_info(path)
        if info.fingerprint != study.fingerprint:
            raise UsageError(
                f"{path} holds another study ({info.name} {info.fingerprint}); "
                "give another --out, or the same study and settings"
            )
        return info
    if path.exists() and any(path.iterdir()):
        raise UsageError(
            f"{path} is neither empty nor a run folder; give another --out"
        )
    info = describe_run(study)
    store.create(path, info)
    return info


def describe_run(study: Study) -> RunInfo:
    """Probe the machine and return what is true of all records of the run."""
    measured = {"peaks": _peaks(), "call_overhead": call_overhead()}
    facts = {**machine.probe(), **measured}
    revision = facts.get("revision") or {}
    return RunInfo(
        run_id=f"{study.name}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}",
        name=study.name,
        created=utc_now(),
        command=["tenbin", *sys.argv[1:]],
        fingerprint=study.fingerprint,
        study=json.loads(msgspec.json.encode(study)),
        machine=facts,
        tenbin=__version__,
        revision=revision.get("commit", ""),
        dirty=bool(revision.get("dirty", False)),
    )


def _peaks() -> dict[str, Any]:
    """Return the measured peaks as JSON types, or why there are none."""
    try:
        peaks: dict[str, Any] = msgspec.to_builtins(measure_peaks())
    except TenbinError as error:
        return {"skipped": [str(error)]}
    return peaks


def run_study(
    study: Study,
    expansion: Expansion,
    path: Path,
    report: Callable[[float, int, str], None],
) -> RunInfo:
    """Run every case that lacks a valid record; `report(done, all, case)` meanwhile."""
    mpiexec = find_mpiexec(study.launch.mpiexec)
    info = open_run(path, study)
    _wait_for_writer(path)
    done = store.valid_points(store.read_run(path))
    groups = list(plan(study, expansion))
    total = sum(len(group.cases) for group in groups)
    finished = sum((c.key, g.launch) in done for g in groups for c in g.cases)
    _forget_interrupted(path)

    def advance(number: float, case: str) -> None:
        report(number, total, case)

    for group in groups:
        pending = [case for case in group.cases if (case.key, group.launch) not in done]
        run = _Run(study, path, info, mpiexec, group)
        run.all_cases(pending, partial(_shifted, advance, finished))
        finished += len(pending)
    report(total, total, "")
    return info


def _wait_for_writer(path: Path) -> None:
    """Let the ranks of a run that was just killed go; raise if they do not."""
    limit = time.monotonic() + WRITER_GONE_S
    while True:
        try:
            store.open_writer(path).close()
            return
        except TenbinError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.1)


def _forget_interrupted(path: Path) -> None:
    """Clean up after a run of this folder that was killed together with its ranks."""
    flight = job.in_flight_path(path)
    if flight.exists():
        remove_segments(path.stat().st_ctime)
        flight.unlink()


def _shifted(
    report: Callable[[float, str], None], base: int, n: float, name: str
) -> None:
    report(base + n, name)


@dataclass(frozen=True)
class _Run:
    study: Study
    path: Path
    info: RunInfo
    mpiexec: Mpiexec
    group: Group

    def all_cases(
        self, pending: list[Case], report: Callable[[float, str], None]
    ) -> None:
        done = 0
        while done < len(pending):
            rest = pending[done:]
            ended = self._launch(rest, partial(_shifted, report, done))
            flight = job.read_in_flight(self.path)
            if flight is None:  # it died before its first case: no case is to blame
                for case in rest:
                    self._record_failure(case, ended)
                return
            if flight.number < len(rest):
                self._record_failure(rest[flight.number], ended)
            done += flight.number + 1

    def _launch(self, cases: list[Case], report: Callable[[float, str], None]) -> Ended:
        stem = f"launch-{self.group.launch}-{self.group.ranks}ranks"
        order = self.path / f"{stem}.json"
        job.in_flight_path(self.path).unlink(missing_ok=True)
        order.write_bytes(msgspec.json.encode(self._job(cases)))

        def progress() -> object:
            flight = job.read_in_flight(self.path)
            if flight is not None:
                report(flight.place, flight.told)
            return flight

        python = [sys.executable, "-m", "mpi4py", "-m", "tenbin.worker", str(order)]
        start = self.mpiexec.arguments(
            self.group.ranks,
            machine.cores_allowed(),
            self.group.ranks // self.group.ranks_per_node,
        )
        limit = self.study.measure.timeout_s
        log = self.path / f"{stem}.log"
        return launch([*start, *python], log, progress, limit)

    def _job(self, cases: list[Case]) -> job.Job:
        return job.Job(
            run=str(self.path.resolve()),
            run_id=self.info.run_id,
            launch=self.group.launch,
            ranks=self.group.ranks,
            ranks_per_node=self.group.ranks_per_node,
            rule=self.study.rule,
            options=self.study.options,
            kernels=self.study.kernels,
            cases=[job.encode_case(case) for case in cases],
        )

    def _record_failure(self, case: Case, ended: Ended) -> None:
        status: Status = "timeout" if ended.timed_out else "failed"
        limit = self.study.measure.timeout_s
        reason = f"no progress in {limit:g} s" if ended.timed_out else _reason(ended)
        record = Record(
            **describe(case, self.info.run_id, self.group.launch),
            status=status,
            reason=reason,
            output=list(ended.output),
            started=utc_now(),
        )
        with store.open_writer(self.path) as writer:
            writer.append(record)


def _reason(ended: Ended) -> str:
    """Return the last line that names an error, and the exit code."""
    named = [line.strip() for line in ended.output if _names_error(line)]
    return f"{named[-1] if named else 'a rank ended'} (mpiexec exit code {ended.code})"


def _names_error(line: str) -> bool:
    head = line.strip().partition(":")[0]
    return head.endswith(("Error", "Exception", "Interrupt")) and " " not in head
