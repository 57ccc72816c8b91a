"""Record: the one row format, and the facts of the run it belongs to.

Raw samples, no derived rate. Times are integer nanoseconds, relative to the first
entry of their repetition.

Schema history:
    1  first
    2  `summary`, in imported records
"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from tenbin.case import Case

SCHEMA = 2
IMPORTED = "imported"  # the flag of a record that another tool measured

Status = Literal["ok", "wrong", "failed", "timeout"]


class SampleRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was timed: entry and exit of each repetition and rank.

    `entry_ns` and `exit_ns` hold one list per repetition, one number per rank; above
    `measure.RAW_LIMIT` numbers they hold only the first entry and last exit of each
    repetition and `condensed` is true. `warmup_ns` are the makespans that were
    discarded, the first call first. `residual_ns` is the error of the common clock.
    """

    entry_ns: list[list[int]]
    exit_ns: list[list[int]]
    cpu_ns: list[int]  # per repetition: largest processor time of a rank's own thread
    late: list[int]  # repetitions that started after their window
    warmup_ns: list[int]
    start: str  # "window", "barrier" or, for one rank, "none"
    residual_ns: int
    stop: str  # "precision", "budget", "repetitions" or, after a wrong result, "check"
    condensed: bool = False


class CheckRow(msgspec.Struct, frozen=True, kw_only=True):
    """The worst verdict over the checked repetitions.

    No `error` means not finite, since JSON has no infinity, or that the tool of an
    imported record does not say; 0 `repetitions` means just that.
    """

    ok: bool
    error: float | None
    method: str
    repetitions: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What another tool reported in the place of samples; nothing is computed here.

    Times are of one operation, in seconds; what the tool does not say is None.
    `times_s` are single times where it gives them. `definition` says over what it took
    its statistics; `reported` is the whole row in its own names and units.
    """

    definition: str
    mean_s: float | None = None
    median_s: float | None = None
    min_s: float | None = None
    max_s: float | None = None
    times_s: list[float] = []
    byte_per_s: float | None = None
    repetitions: int | None = None
    reported: dict[str, str | float] = {}

    @property
    def statistic(self) -> str:
        """Return which statistic stands for the time: median, mean, or "" for none."""
        if self.median_s is not None or self.times_s:
            return "median"
        return "mean" if self.mean_s is not None else ""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One case in one launch.

    `flops`, `bytes`, `message_bytes` are those of the whole problem over all ranks
    (`tenbin.case.Work`); `problem` is the case's own (one rank's share when weak).
    `hosts` is the census: the host of each rank, as it really was. `flags` mark the
    whole record: oversubscribed, contaminated, emulated, unsynchronised, unsteady, and
    imported. An imported record has a `summary` and no samples; where its tool does not
    say how ranks were placed, `ranks_per_node` and `nodes` are 0; names are empty.
    """

    schema: int = SCHEMA
    run_id: str
    case: str
    launch: int
    status: Status
    reason: str = ""
    kernel: str
    variant: str
    dtype: str
    scaling: str
    label: str
    problem: dict[str, Any]
    ranks: int
    ranks_per_node: int
    nodes: int
    hosts: list[str] = []
    flops: int | None = None
    bytes: int | None = None
    message_bytes: int | None = None
    samples: SampleRow | None = None
    summary: Summary | None = None
    check: CheckRow | None = None
    flags: list[str] = []
    details: dict[str, Any] = {}
    output: list[str] = []  # the last lines of a failed case
    started: str  # UTC, ISO 8601

    @property
    def valid(self) -> bool:
        """Return whether the record holds a time, or a rate, that may be reported."""
        measured = self.samples is not None or self.summary is not None
        return self.status == "ok" and measured


class RunInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is true of all records of a run: `run.json`, written once.

    `machine` is `tenbin.machine.probe()` as JSON; `study` the study as it was run,
    after `--set`; `fingerprint` its hash, so that a run is resumed with its own study.
    """

    schema: int = SCHEMA
    run_id: str
    name: str
    created: str
    command: list[str]
    fingerprint: str
    study: dict[str, Any]
    machine: dict[str, Any]
    tenbin: str
    revision: str = ""
    dirty: bool = False


def utc_now() -> str:
    """Return the time in UTC, ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def describe(case: Case, run_id: str, launch: int) -> dict[str, Any]:
    """Return the fields of a record that are known before the case has run."""
    return {
        "run_id": run_id,
        "case": case.key,
        "launch": launch,
        "kernel": case.kernel,
        "variant": case.variant,
        "dtype": case.dtype,
        "scaling": case.scaling,
        "label": case.problem.label,
        "problem": asdict(case.problem),  # type: ignore[call-overload]
        "ranks": case.ranks,
        "ranks_per_node": case.ranks_per_node,
        "nodes": case.nodes,
        **asdict(case.whole.work(case.dtype)),
    }
