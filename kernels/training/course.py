"""A course: a training run as a task of the harness, one repetition per epoch.

reset(0)   run = epoch 1   settle   run = epoch 2   settle   ...
           timed           test, history, checkpoint: not timed
"""

import time
from collections.abc import Callable
from sys import stderr
from typing import Any

import numpy as np
from mpi4py import MPI

from tenbin.check import Check
from tenbin.kernels.training import history
from tenbin.kernels.training.checkpoint import Checkpoints, Saved
from tenbin.kernels.training.data import Split
from tenbin.kernels.training.data.order import part
from tenbin.kernels.training.trainer import (
    Concluding,
    Diverged,
    Progress,
    Stopped,
    Trainer,
)

TEST_ROWS = 1000  # images that are classified at a time
STOPPED = 143  # as if SIGTERM had ended it


class Course:
    """Runs a trainer epoch by epoch; `details` is complete when the last is settled."""

    def __init__(
        self,
        comm: MPI.Comm,
        trainer: Trainer,
        test: Split,
        epochs: int,
        checkpoints: Checkpoints,
    ) -> None:
        self.comm, self.trainer, self.test = comm, trainer, test
        self.epochs, self.checkpoints = epochs, checkpoints
        self.rows: list[dict[str, Any]] = []
        self.details: dict[str, Any] = {**trainer.details, "history": self.rows}
        self.done = 0
        self._spent_s = 0.0  # of an epoch that a checkpoint interrupted
        self._ranks = [comm.size]  # of the epoch in progress, one count after the other
        self._unsettled: tuple[float, Progress] | None = None
        self._resume()

    @property
    def left(self) -> int:
        """Return the epochs that are still to be run."""
        return self.epochs - self.done

    def run(self) -> None:
        """Train for one epoch; a stop ends the process once the state is safe."""
        began = time.perf_counter()
        try:
            progress = self.trainer.epoch(self.done + 1)
        except Stopped:
            self._save(self._spent_s + time.perf_counter() - began, stopped=True)
            self.comm.Barrier()
            raise SystemExit(STOPPED) from None
        except Diverged:
            self.checkpoints.remove()
            raise
        seconds = self._spent_s + time.perf_counter() - began
        self._unsettled = seconds, progress

    def settle(self) -> None:
        """Test what the last epoch gave, note it and make it safe; collective."""
        if self._unsettled is None:
            return
        seconds, progress = self._unsettled
        self.done += 1
        error = test_error(self.comm, self.trainer, self.test)
        told = history.row(self.comm, self.done, self._ranks, seconds, progress, error)
        self.rows.append(told)
        self._unsettled, self._spent_s, self._ranks = None, 0.0, [self.comm.size]
        if self.done < self.epochs:
            self._save(0.0)
        else:
            self._end()

    def _end(self) -> None:
        """Hear what the method concludes; nothing is left to resume."""
        if isinstance(self.trainer, Concluding):
            self.details |= self.trainer.conclude()
        self.checkpoints.remove()

    def check(self) -> Check:
        """Judge whether all ranks hold the same finite weights, bit by bit."""
        self.settle()
        mine = self.trainer.replicated()
        theirs = self.comm.bcast(mine)
        same = mine.tobytes() == theirs.tobytes()
        right = same and bool(np.all(np.isfinite(mine)))
        return Check(right, 0.0 if right else np.inf, "replicas")

    def _save(self, spent_s: float, stopped: bool = False) -> None:
        saved = Saved(self.done, spent_s, list(self.rows), self._ranks, stopped)
        self.checkpoints.save(saved, self.trainer.state())

    def _resume(self) -> None:
        found = self.checkpoints.load()
        if found is None:
            return
        saved, state = found
        self.trainer.restore(state)
        self.done, self._spent_s = saved.epochs, saved.spent_s
        self.rows += saved.rows
        if saved.spent_s:
            before = [n for n in saved.ranks if n != self.comm.size]
            self._ranks = [*before, self.comm.size]
        self.details["resumed_after_epoch"] = saved.epochs
        if self.comm.rank == 0:
            path, epoch = self.checkpoints.path, saved.epochs + 1
            print(f"{path}: goes on from epoch {epoch}", file=stderr)


def test_error(comm: MPI.Comm, trainer: Trainer, test: Split) -> float:
    """Return the share of the test images that are classified wrongly; collective."""
    return count_errors(comm, trainer.classify, test) / max(1, test.size)


def count_errors(comm: MPI.Comm, classify: Callable[[Any], Any], split: Split) -> int:
    """Return the number of wrong classes in a split that the ranks share."""
    own = part(split.size, comm.size, comm.rank)
    wrong = 0
    for start in range(own.start, own.stop, TEST_ROWS):
        some = slice(start, min(start + TEST_ROWS, own.stop))
        wrong += int(np.count_nonzero(classify(split.rows[some]) != split.labels[some]))
    return int(comm.allreduce(wrong))
