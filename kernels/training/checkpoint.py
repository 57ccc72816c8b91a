"""Checkpoints: one file per case, replaced atomically, read back by any rank count.

Rank 0 writes; every state is the same on all ranks. A file that is broken, or that
another case wrote, is refused in one line.
"""

import hashlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from mpi4py import MPI

from tenbin.errors import UsageError
from tenbin.kernels.training.trainer import State

FORMAT = 1
_META = "__course__"


@dataclass(frozen=True)
class Saved:
    """How far a course had come: whole epochs, seconds into the next, the history."""

    epochs: int
    spent_s: float
    rows: list[dict[str, Any]]


class Checkpoints:
    """The checkpoint of one case in a folder; an empty folder name keeps none."""

    def __init__(self, comm: MPI.Comm, folder: str, key: str) -> None:
        self.comm, self.key = comm, key
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        self.path = Path(folder) / f"training-{name}.npz" if folder else None

    def save(self, saved: Saved, state: State) -> None:
        """Replace the checkpoint: the old one stays until the new one is on disk."""
        if self.path is None or self.comm.rank != 0:
            return
        facts = {"format": FORMAT, "case": self.key, **asdict(saved)}
        meta = np.frombuffer(msgspec.json.encode(facts), dtype=np.uint8)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}.tmp")
        with fresh.open("wb") as stream:
            np.savez(stream, **{_META: meta}, **state)  # type: ignore[arg-type]
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(self.path)

    def load(self) -> tuple[Saved, State] | None:
        """Return what rank 0 finds, on all ranks; None where there is nothing.

        Raises UsageError, on all ranks, for a file that cannot be used.
        """
        mine = _read(self.path, self.key) if self.comm.rank == 0 else None
        found: tuple[Saved, State] | str | None = self.comm.bcast(mine)
        if isinstance(found, str):
            raise UsageError(found)
        return found

    def remove(self) -> None:
        """Forget the checkpoint: the course is over."""
        if self.path is not None and self.comm.rank == 0:
            self.path.unlink(missing_ok=True)


def _read(path: Path | None, key: str) -> tuple[Saved, State] | str | None:
    """Return the checkpoint, why it cannot be used, or None for none."""
    if path is None or not path.exists():
        return None
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            state = {name: file[name] for name in file.files}
        facts = msgspec.json.decode(state.pop(_META).tobytes())
        saved = Saved(facts["epochs"], facts["spent_s"], facts["rows"])
        version, case = facts["format"], facts["case"]
    except Exception as error:  # zip, NumPy and JSON have an error each
        return f"{path}: not a checkpoint ({error}); remove it to start anew"
    if version != FORMAT or case != key:
        return f"{path}: a checkpoint of {case!r:.120}, format {version}"
    return saved, state
