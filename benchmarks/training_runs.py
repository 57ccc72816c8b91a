"""Whole training runs for the benchmarks: what a case tells, kept in a file."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from tenbin.case import Case
from tenbin.kernel import Options
from tenbin.kernels.training import KERNEL
from tenbin.topology import discover

Rows = list[dict[str, Any]]


def history(case: Case, checkpoints: str) -> Rows:
    """Return the rows of all epochs of a case, from a file if it is over already."""
    rows: Rows = _kept(case, checkpoints, "", lambda found: found["history"])
    return rows


def details(case: Case, checkpoints: str) -> dict[str, Any]:
    """Return all that a case tells, from a file if it is over already."""
    found: dict[str, Any] = _kept(case, checkpoints, "-details", dict)
    return found


def _kept(case: Case, checkpoints: str, kind: str, pick: Callable[[Any], Any]) -> Any:
    name = f"{case.variant}-{case.dtype}-{case.problem.label}{kind}.json"
    done = Path(checkpoints) / name if checkpoints else None
    if done is not None and done.exists():
        return json.loads(done.read_text())
    picked = pick(_trained(case, checkpoints))
    if done is not None:
        done.write_text(json.dumps(picked, default=float))
    return picked


def _trained(case: Case, checkpoints: str) -> Mapping[str, Any]:
    topology = discover(MPI.COMM_WORLD)
    task = KERNEL.prepare(case, topology, Options(threads=1, checkpoints=checkpoints))
    for repetition in range(task.repetitions or 0):
        task.reset(repetition)
        task.run()
    verdict = task.check()
    task.release()
    topology.free()
    if not verdict.ok:
        raise SystemExit(f"{case.key}: {verdict.method} differ")
    return task.details


def told(rows: Rows) -> str:
    """Return the test errors in percent, and the seconds of an epoch."""
    errors = " ".join(f"{100 * row['test_error']:.2f}" for row in rows)
    seconds = [row["seconds"] - row["more"].get("pretrain_s", 0.0) for row in rows]
    low, middle, high = np.percentile(seconds, [25, 50, 75])
    return f"test error {errors} %, epoch {middle:.1f} s [{low:.1f}, {high:.1f}]"
