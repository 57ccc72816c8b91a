"""The words a job leaves behind: started, heartbeat, finished. The reading side.

    FOLDER/started.json        time, host, job id, limit
    FOLDER/heartbeat.json      time, every half minute
    FOLDER/finished.json       time, exit code, signal, reason
    FOLDER/rerun-1/...         the same again, where the queue started the script twice

Each file is written whole or not at all. Times are those of the job's own clock.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

STARTED, HEARTBEAT, FINISHED = "started.json", "heartbeat.json", "finished.json"
BEAT_S = 30.0
POLL_S = 0.5


class Started(msgspec.Struct, frozen=True):
    """The first word of a job."""

    time_s: float
    host: str = ""
    job_id: str = ""
    limit_s: float = 0.0
    heartbeat_every_s: float = BEAT_S


class Heartbeat(msgspec.Struct, frozen=True):
    """A sign of life."""

    time_s: float


class Finished(msgspec.Struct, frozen=True):
    """The last word of a job."""

    time_s: float
    exit_code: int
    signal: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Sentinel:
    """What a job said of itself; None for what it has not said (yet)."""

    started_s: float | None = None
    heartbeat_s: float | None = None
    finished_s: float | None = None
    exit_code: int | None = None
    signal: str = ""
    reason: str = ""
    host: str = ""
    job_id: str = ""
    limit_s: float = 0.0
    heartbeat_every_s: float = BEAT_S
    place: Path = Path()


T = TypeVar("T")


def places(folder: Path) -> list[Path]:
    """Return where each start of the script wrote, in order: the folder, its reruns."""
    reruns = [path for path in folder.glob("rerun-*") if path.name[6:].isdigit()]
    return [folder, *sorted(reruns, key=lambda path: int(path.name[6:]))]


def read(folder: Path) -> Sentinel:
    """Return the word of the last start; a missing or torn file is a missing word."""
    return max((_read_place(p) for p in places(folder)), key=_last_start)


def _last_start(word: Sentinel) -> tuple[float, int]:
    return word.started_s or 0.0, len(word.place.parts)


def _read_place(place: Path) -> Sentinel:
    first = _decode(place / STARTED, Started)
    beat = _decode(place / HEARTBEAT, Heartbeat)
    last = _decode(place / FINISHED, Finished)
    return Sentinel(
        started_s=first.time_s if first else None,
        heartbeat_s=max(
            [word.time_s for word in (first, beat) if word is not None], default=None
        ),
        finished_s=last.time_s if last else None,
        exit_code=last.exit_code if last else None,
        signal=last.signal if last else "",
        reason=last.reason if last else "",
        host=first.host if first else "",
        job_id=first.job_id if first else "",
        limit_s=first.limit_s if first else 0.0,
        heartbeat_every_s=first.heartbeat_every_s if first else BEAT_S,
        place=place,
    )


def _decode(path: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError):
        return None


def await_last_words(
    folders: Iterable[Path], patience_s: float = 30.0
) -> dict[Path, Sentinel]:
    """Read the folders again until each has its last word, or patience ends for all.

    For jobs the queue says have ended: a network file system may show a new file late.
    """
    limit = time.monotonic() + patience_s
    found = {folder: read(folder) for folder in folders}
    while time.monotonic() < limit:
        open_ones = [f for f, word in found.items() if word.exit_code is None]
        if not open_ones:
            break
        time.sleep(POLL_S)
        found.update({folder: read(folder) for folder in open_ones})
    return found
