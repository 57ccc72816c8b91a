"""Where everything of a campaign lies: no client stays alive, the folder is the state.

    campaign/
        campaign.json       what was asked, with the whole study; written once
        run.json            } what `tenbin collect` gathered: `tenbin report` reads
        records.jsonl       } these two like those of any run
        jobs/n4/            a job of the ladder; `packed` where all nodes share one
            1/              an attempt; the folder appears whole, before it is submitted
                intent.json     the job's name and its points
                script.sh
                submitted.json  the job's id; without it nobody knows whether it queued
                refused.json    the scheduler's words, where it said no
                cancelled.json  when `tenbin cancel` asked for its end
                n4.0.json       a point: 4 nodes, launch 0
                n4.0/           its run folder: run.json, records.jsonl
                ...             the job's own sentinels and its log

Every file has one writer and appears by rename. Names that start with a dot are not
finished. Records are only ever appended: a requeued script goes on where it stopped.
"""

import os
import tempfile
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tenbin.errors import NoDataError, UsageError

CAMPAIGN = "campaign.json"
JOBS = "jobs"
INTENT = "intent.json"
SCRIPT = "script.sh"
SUBMITTED = "submitted.json"
REFUSED = "refused.json"
CANCELLED = "cancelled.json"
LOG = "job.log"

T = TypeVar("T")


def job_folder(root: Path, job: str) -> Path:
    """Return the folder of a job of the ladder."""
    return root / JOBS / job


def attempts(root: Path, job: str) -> list[Path]:
    """Return the attempts of a job, the first one first."""
    try:
        names = os.listdir(job_folder(root, job))
    except FileNotFoundError:
        return []
    numbers = sorted(int(name) for name in names if name.isdecimal())
    return [job_folder(root, job) / str(number) for number in numbers]


def write(path: Path, value: Any) -> None:
    """Write JSON so that a reader finds all of it or nothing, even after a crash."""
    data = msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
    number, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(number, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(fresh, 0o644)
    os.replace(fresh, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to disk."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def read(path: Path, kind: type[T]) -> T | None:
    """Return what a file says, or None where there is none or it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, ValueError, RecursionError):
        return None


def require(path: Path, kind: type[T]) -> T:
    """Return what a file says; raise NoDataError or UsageError with the path."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise NoDataError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {error}") from None
