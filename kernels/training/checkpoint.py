"""Checkpoints: one file per run and rank count, replaced atomically.

Rank 0 writes; every state is the same on all ranks, so that any rank count can go on
from it. It takes another's file only where a stop left it, and none is its own: what a
crash leaves belongs to its rank count. A file that is broken, or that another run
wrote, is refused in one line.
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

FORMAT = 2
_META = "__course__"


@dataclass(frozen=True)
class Saved:
    """How far a course had come: whole epochs, seconds into the next, the history.

    `ranks` are those of the epoch in progress, one count after the other, the last of
    which wrote this; `stopped` because it was told to end.
    """

    epochs: int
    spent_s: float
    rows: list[dict[str, Any]]
    ranks: list[int]
    stopped: bool


class Checkpoints:
    """The checkpoint of one run in a folder; an empty folder name keeps none.

    With `lent` it goes on from what another rank count was stopped in.
    """

    def __init__(
        self, comm: MPI.Comm, folder: str, key: str, lent: bool = False
    ) -> None:
        self.comm, self.key, self.lent = comm, key, lent
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        own = Path(folder) / f"training-{name}-{comm.size}ranks.npz"
        self.path = own if folder else None

    def save(self, saved: Saved, state: State) -> None:
        """Replace the checkpoint: the old one stays until the new one is on disk."""
        if self.path is None or self.comm.rank != 0:
            return
        facts = {"format": FORMAT, "run": self.key, **asdict(saved)}
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
        mine = self._find() if self.comm.rank == 0 else None
        found: tuple[Saved, State] | str | None = self.comm.bcast(mine)
        if isinstance(found, str):
            raise UsageError(found)
        return found

    def _find(self) -> tuple[Saved, State] | str | None:
        """Return what is there; a file of another rank count becomes this one's."""
        if self.path is None:
            return None
        found = _read(self.path, self.key)
        if found is not None or not self.lent:
            return found
        others = self.path.name.replace(f"-{self.comm.size}ranks", "-*ranks")
        for path in sorted(self.path.parent.glob(others)):
            found = _read(path, self.key)
            if isinstance(found, tuple) and found[0].stopped:
                path.replace(self.path)
                return found
        return None

    def remove(self) -> None:
        """Forget the checkpoint: the course is over."""
        if self.path is not None and self.comm.rank == 0:
            self.path.unlink(missing_ok=True)


def _read(path: Path, key: str) -> tuple[Saved, State] | str | None:
    """Return the checkpoint, why it cannot be used, or None for none."""
    if not path.exists():
        return None
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            state = {name: file[name] for name in file.files}
        facts = msgspec.json.decode(state.pop(_META).tobytes())
        version, run = facts.pop("format"), facts.pop("run")
        if (version, run) != (FORMAT, key):
            return f"{path}: a checkpoint of {run!r:.120}, format {version}"
        return Saved(**facts), state
    except Exception as error:  # zip, NumPy and JSON have an error each
        return f"{path}: not a checkpoint ({error}); remove it to start anew"
