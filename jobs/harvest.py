"""What a point has brought so far, over all attempts: found by looking, never noted.

Which cases a point has is for its job to say, where it runs: a login node without GPUs
declines what a compute node can do.
"""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import msgspec

from tenbin.errors import TenbinError
from tenbin.jobs import layout
from tenbin.jobs.ladder import Point
from tenbin.results import store
from tenbin.results.store import Run
from tenbin.study import Study


class Cases(msgspec.Struct, frozen=True):
    """The cases of a point, and those that cannot run there with the reason."""

    cases: list[str]
    declined: dict[str, str] = {}


def cases_path(attempt: Path, point: Point) -> Path:
    """Return where the job says which cases the point has."""
    return attempt / f"{point.key}.cases.json"


def wanted_cases(
    attempts: Sequence[Path], point: Point, planned: Collection[str]
) -> set[str]:
    """Return the cases of a point: what its latest attempt said, else as planned."""
    for attempt in reversed(attempts):
        said = layout.read(cases_path(attempt, point), Cases)
        if said is not None:
            return set(said.cases)
    return set(planned)


def run_folders(attempts: Sequence[Path], point: Point) -> list[Path]:
    """Return the run folders of a point, the first attempt first."""
    folders = (attempt / point.key for attempt in attempts)
    return [folder for folder in folders if (folder / store.INFO).is_file()]


def read_own(folder: Path, study: Study) -> Run | None:
    """Return the run of a point; None where it is damaged or measured another study.

    Studies are compared, not their fingerprints: a newer tenbin with one more key, left
    at its default, still knows its results.
    """
    try:
        run = store.read_run(folder)
        measured = msgspec.convert(run.info.study, Study)
    except (TenbinError, msgspec.ValidationError):
        return None
    return run if measured == study else None


def own_runs(
    attempts: Sequence[Path], point: Point, study: Study
) -> Iterator[tuple[Path, Run | None]]:
    """Yield each run folder of a point with its run, or None."""
    for folder in run_folders(attempts, point):
        yield folder, read_own(folder, study)


def valid_cases(attempts: Sequence[Path], point: Point, study: Study) -> set[str]:
    """Return the cases of a point that have a valid result."""
    runs = (run for _, run in own_runs(attempts, point, study) if run)
    return {case for run in runs for case, _ in store.valid_points(run)}
