"""Job: what the parent asks of one MPI launch, as a file both sides read."""

from pathlib import Path
from typing import Any

import msgspec

from tenbin.case import Case
from tenbin.kernel import Kernel, Options
from tenbin.kernels import load as load_kernel
from tenbin.rule import Rule


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The cases of one launch; all have the same placement."""

    run: str
    run_id: str
    launch: int
    ranks: int
    ranks_per_node: int
    rule: Rule
    options: Options
    kernels: dict[str, str]
    cases: list[dict[str, Any]]


def encode_case(case: Case) -> dict[str, Any]:
    """Return a case as JSON types."""
    encoded: dict[str, Any] = msgspec.to_builtins(case)
    return encoded


def decode_case(data: dict[str, Any], own: dict[str, str]) -> tuple[Case, Kernel]:
    """Return the case and its kernel."""
    kernel = load_kernel(data["kernel"], own)
    problem = msgspec.convert(data["problem"], kernel.problem)
    return Case(**{**data, "problem": problem}), kernel


class InFlight(msgspec.Struct, frozen=True, kw_only=True):
    """What rank 0 last started: the number of the case in its job; at the end, all.

    `repetition` counts those of a course that are done, a sign of life, of as many as
    `repetitions`; a run before this one did `earlier` of them.
    """

    number: int
    case: str
    repetition: int = 0
    repetitions: int = 0
    earlier: int = 0

    @property
    def place(self) -> float:
        """Return the number of the case, and what share of it is done.

        The test and the check behind the last repetition count as one more.
        """
        return self.number + self.repetition / (self.repetitions + 1)

    @property
    def told(self) -> str:
        """Return the case, and how far a course has come."""
        if not self.repetitions:
            return self.case
        resumed = f"resumed after {self.earlier}, " if self.earlier else ""
        return f"{self.case} ({resumed}{self.repetition} of {self.repetitions} done)"


def in_flight_path(run: Path) -> Path:
    """Return where rank 0 says what it is doing."""
    return run / "in_flight.json"


def note_in_flight(
    run: Path,
    number: int,
    case: str,
    repetition: int = 0,
    repetitions: int = 0,
    earlier: int = 0,
) -> None:
    """Say, atomically, which case starts now, or how far a course has come."""
    path = in_flight_path(run)
    flight = InFlight(
        number=number,
        case=case,
        repetition=repetition,
        repetitions=repetitions,
        earlier=earlier,
    )
    fresh = path.with_suffix(".new")
    fresh.write_bytes(msgspec.json.encode(flight))
    fresh.replace(path)


def read_in_flight(run: Path) -> InFlight | None:
    """Return what rank 0 last started, or None before its first case."""
    try:
        return msgspec.json.decode(in_flight_path(run).read_bytes(), type=InFlight)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
