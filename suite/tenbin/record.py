"""Record: the one row format, and the facts of the run it belongs to.

Raw samples, no derived rate. Times are integer nanoseconds, relative to the first
entry of their repetition.

Schema history:
    1  first
"""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from tenbin.case import Case

SCHEMA = 1

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
    """The worst verdict over the checked repetitions; no `error` means not finite."""

    ok: bool
    error: float | None  # JSON has no infinity: it is written as null
    method: str
    repetitions: int


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One case in one launch.

    `flops`, `bytes`, `message_bytes` are those of the whole problem over all ranks
    (`tenbin.case.Work`); `problem` is the case's own (one rank's share when weak).
    `hosts` is the census: the host of each rank, as it really was. `flags` mark the
    whole record: oversubscribed, contaminated, emulated, unsynchronised, unsteady.
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
    check: CheckRow | None = None
    flags: list[str] = []
    details: dict[str, Any] = {}
    output: list[str] = []  # the last lines of a failed case
    started: str  # UTC, ISO 8601

    @property
    def valid(self) -> bool:
        """Return whether the record holds a time that may be reported."""
        return self.status == "ok" and self.samples is not None


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
