"""Long work: checkpoints, stops and divergence, on any number of ranks."""

import os
import signal
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from tenbin.case import Case
from tenbin.clock import Clock
from tenbin.errors import UsageError
from tenbin.kernel import Options, Task
from tenbin.kernels.training import KERNEL
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.record import Record
from tenbin.rule import Rule
from tenbin.topology import discover
from tenbin.weigh import Setting, weigh

COMM = MPI.COMM_WORLD
PROBLEM = TrainingProblem(
    "glyphs", "16", batch=20, epochs=3, samples=100, normalise=True, dropout=0.2
)
STEPS = 5


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return rank 0's folder, on all ranks."""
    mine = tmp_path_factory.mktemp("checkpoints")
    found: Path = COMM.bcast(mine)
    return found


def prepare(
    folder: Path,
    comm: MPI.Comm = COMM,
    problem: TrainingProblem = PROBLEM,
    variant: str = "adam",
    ladder: bool = False,
) -> tuple[Task, Callable[[], None]]:
    """Return a task that checkpoints, and what frees it."""
    topology = discover(comm)
    place = (comm.size, topology.ranks_per_node)
    case = Case("training", variant, "float64", problem, *place)
    options = Options(threads=1, checkpoints=str(folder), ladder=ladder)
    task = KERNEL.prepare(case, topology, options)

    def free() -> None:
        task.release()
        topology.free()

    return task, free


def finish(task: Task) -> tuple[list[dict[str, Any]], np.ndarray]:
    """Run what is left; return the history and the weights."""
    for repetition in range(task.repetitions or 0):
        task.reset(repetition)
        task.run()
    assert task.check().ok
    return task.details["history"], trainer_of(task).replicated().copy()


def trainer_of(task: Task) -> Any:
    return task.run.__self__.trainer  # type: ignore[attr-defined]


def stop_after(task: Task, steps: int) -> None:
    """Send this process SIGTERM in the given step; the task ends the process."""
    trainer, reported = trainer_of(task), [0]

    def report(epoch: int, step: int, of: int) -> None:
        reported[0] += 1
        if reported[0] == steps - 1 and COMM.rank == COMM.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    trainer.setup = replace(trainer.setup, report=report)
    with pytest.raises(SystemExit) as ended:
        finish(task)
    assert ended.value.code == 143


def resumed(
    folder: Path, steps: int, problem: TrainingProblem = PROBLEM, variant: str = "adam"
) -> Task:
    """Return a finished task that was stopped in a step; it is as if it never was."""
    task, free = prepare(folder, problem=problem, variant=variant)
    whole, weights = finish(task)
    free()
    task, free = prepare(folder, problem=problem, variant=variant)
    stop_after(task, steps)
    free()
    COMM.Barrier()

    task, free = prepare(folder, problem=problem, variant=variant)
    rows, again = finish(task)
    free()

    assert np.array_equal(again, weights)
    assert [row["loss"] for row in rows] == [row["loss"] for row in whole]
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    return task


@pytest.mark.parametrize("steps", [2, STEPS, STEPS + 3])
def test_a_stopped_run_goes_on_bit_by_bit(folder: Path, steps: int) -> None:
    task = resumed(folder, steps)

    assert task.details["resumed_after_epoch"] == steps // STEPS - (steps == STEPS)


@pytest.mark.parametrize(
    ("variant", "settings"),
    [
        ("kfac", "t_stats=2, t_inv=4, smoothout=0.02, mixup=0.3"),
        ("noisy-kfac", "samples=2, t_stats=2, t_inv=4, test_samples=2"),
        ("vogn", "samples=2, test_samples=2"),
        ("vogn", "samples=2, test_samples=2, form=sharded"),
        ("mc", "noise=0.1, test_samples=2"),
        ("siamese", "writers=2, pairs=100, cell_pairs=4, features=8"),
    ],
)
def test_every_method_goes_on_in_the_midst_of_an_epoch(
    folder: Path, variant: str, settings: str
) -> None:
    samples = 200 if variant == "siamese" else 100
    problem = TrainingProblem(
        "glyphs", "16", batch=20, epochs=3, samples=samples, settings=settings
    )
    resumed(folder, STEPS + 3, problem, variant)


def test_a_finished_run_leaves_no_checkpoint(folder: Path) -> None:
    task, free = prepare(folder)
    finish(task)
    free()

    COMM.Barrier()
    assert list(folder.iterdir()) == []


def test_another_rank_count_goes_on_to_rounding(folder: Path) -> None:
    task, free = prepare(folder)
    stop_after(task, 7)
    free()
    COMM.Barrier()

    if COMM.rank == 0:
        task, free = prepare(folder, MPI.COMM_SELF)
        rows = finish(task)[0]
        losses = [row["loss"] for row in rows]
        free()
        other = [COMM.size] if COMM.size > 1 else []
        assert [row["ranks"] for row in rows] == [[COMM.size], [*other, 1], [1]]
        task, free = prepare(folder, MPI.COMM_SELF)
        whole = [row["loss"] for row in finish(task)[0]]
        free()
        assert losses == pytest.approx(whole, rel=1e-8)


@pytest.mark.skipif(COMM.size == 1, reason="there is no other rank count")
@pytest.mark.parametrize("ladder", [False, True])
@pytest.mark.parametrize("stopped", [False, True])
def test_what_another_rank_count_left_is_taken_only_from_a_stop(
    folder: Path, stopped: bool, ladder: bool
) -> None:
    task, free = prepare(folder)
    if stopped:
        stop_after(task, 7)
    else:  # as a crash in the second epoch leaves it
        task.run()
        task.reset(1)
    free()
    COMM.Barrier()

    if COMM.rank == 0:
        task, free = prepare(folder, MPI.COMM_SELF, ladder=ladder)
        free()
        taken = stopped and not ladder
        assert ("resumed_after_epoch" in task.details) == taken
        (path,) = folder.glob("*.npz")
        assert path.stem.endswith(f"-{1 if taken else COMM.size}ranks")


@pytest.mark.parametrize("fault", ["torn", "noise", "of another case"])
def test_a_checkpoint_that_cannot_be_used_is_refused(folder: Path, fault: str) -> None:
    task, free = prepare(folder)
    stop_after(task, 7)
    free()
    COMM.Barrier()
    (path,) = folder.glob("*.npz")
    content = path.read_bytes()
    COMM.Barrier()
    if COMM.rank == 0:
        if fault == "of another case":
            rename(path)
        else:
            path.write_bytes(content[:200] if fault == "torn" else b"noise")
    COMM.Barrier()

    with pytest.raises(UsageError, match=r"not a checkpoint|a checkpoint of"):
        prepare(folder)


def rename(path: Path) -> None:
    """Give a checkpoint the name of another case."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    changed = arrays["__course__"].tobytes().replace(b"training/adam", b"training/sgd")
    arrays["__course__"] = np.frombuffer(changed, dtype=np.uint8)
    np.savez(path, **arrays)


def weighed(problem: TrainingProblem, variant: str) -> Record:
    topology = discover(COMM)
    place = (COMM.size, topology.ranks_per_node)
    case = Case("training", variant, "float32", problem, *place)
    setting = Setting("run", 0, Rule(), Options(threads=1), Clock())
    record = weigh(case, KERNEL, topology, setting)
    topology.free()
    return record


def test_divergence_fails_the_case_and_names_the_step() -> None:
    problem = replace(PROBLEM, rate=1e20, normalise=False, loss="squared-error")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        record = weighed(problem, "sgd")

    assert record.status == "failed"
    assert record.reason.startswith("diverged: loss is ")
    assert "in epoch 1, step " in record.reason


def test_divergence_in_the_very_last_step_names_it() -> None:
    problem = replace(PROBLEM, batch=100, epochs=1, rate=1e39, normalise=False)

    record = weighed(problem, "sgd")

    assert record.status == "failed"
    assert record.reason == "diverged: weights are not finite in epoch 1, step 1"


def test_a_record_holds_the_history() -> None:
    record = weighed(PROBLEM, "momentum")

    assert record.status == "ok"
    history = record.details["history"]
    assert [row["epoch"] for row in history] == [1, 2, 3]
    assert history[-1]["loss"] < history[0]["loss"]
    assert record.samples is not None
    assert record.samples.warmup_ns == []
    if COMM.rank == 0:
        assert len(record.samples.entry_ns) == 3
        spans = [max(ends) * 1e-9 for ends in record.samples.exit_ns]
        assert [row["seconds"] for row in history] == pytest.approx(spans, rel=0.2)
