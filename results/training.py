"""Training runs epoch by epoch: test error, seconds, share of communication.

    launches -> epochs    one row per run and epoch; a run is a seed in a launch
             -> tuned     of each method the batch and rate that end best
             -> over      medians and intervals over runs

The run is the unit of replication: seeds and launches count alike.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from tenbin.results import intervals

TASK = ["machine", "dataset", "net", "train_samples"]
METHOD = ["variant", "dtype", "settings", "placement"]
GRID = ["batch", "rate"]
NUMBERS = ["seconds", "test_error", "comm_share", "pretrain_s"]
LINE = ("share", "train_loss", "test_loss", "test_accuracy")
# accuracies; of those that a method reaches, the highest few are targets
LADDER = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.985)
TARGETS = 3


def epochs(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of training runs, each once for every epoch of its history.

    `elapsed_s` is the time until the end of the epoch, without tests; `sweep_s` the
    epoch's own without preparations (`pretrain_s`). `run` tells runs of a method apart.
    """
    rows: list[dict[str, Any]] = []
    row: Any
    for row in launches[launches["kernel"] == "training"].itertuples():
        problem = json.loads(row.problem)
        own = {key: problem.get(key) for key in ("dataset", "net", "seed")}
        own["train_samples"] = problem.get("samples") or 0
        own |= {key: problem.get(key) for key in GRID}
        own["settings"] = deciding(problem.get("settings") or "")
        history = json.loads(row.details).get("history", []) if row.details else []
        run = f"{row.run_id} {row.launch} {own['seed']}"
        for epoch in history if row.valid else []:
            told = {key: epoch.get(key) for key in ("epoch", *NUMBERS)}
            told["pretrain_s"] = epoch.get("more", {}).get("pretrain_s", 0.0)
            rows.append({"at": row.Index, "run": run, **own, **told})
    columns = ["at", "run", *TASK[1:], "seed", *GRID, "settings", "epoch", *NUMBERS]
    found = pd.DataFrame(rows, columns=columns)
    found = found.astype(dict.fromkeys(NUMBERS, "float64"))
    found = found.join(launches, on="at")
    found["placement"] = [f"{n} rank{'s' * (n > 1)}" for n in found["ranks"]]
    found["elapsed_s"] = found.groupby("at")["seconds"].cumsum()
    found["sweep_s"] = found["seconds"] - found["pretrain_s"]
    return found.drop(columns="at").reset_index(drop=True)


def deciding(settings: str) -> str:
    """Return the settings that change what is trained, not only what is told.

    >>> deciding("mixup=0.2, line=13")
    'mixup=0.2'
    """
    pairs = (pair.strip() for pair in settings.split(","))
    return ", ".join(pair for pair in pairs if not pair.startswith("line="))


def lines(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the best runs for each batch, once for each point of a line.

    `share` is how far on the straight way from the first weights to the last.
    """
    rows = epochs(launches)
    if rows.empty:
        return rows
    ends = last(tuned(rows, within=["batch"]))
    ends["line"] = [json.loads(details).get("line") for details in ends["details"]]
    ends = ends[ends["line"].notna()]
    for name in LINE:
        ends[name] = [line[name] for line in ends["line"]]
    found = ends.drop(columns="line").explode(list(LINE), ignore_index=True)
    return found.astype(dict.fromkeys(LINE, "float64"))


def last(rows: pd.DataFrame, more: Sequence[str] = ()) -> pd.DataFrame:
    """Return one row per run: its last epoch, with the median `sweep_s` of all.

    `more` are columns that tell runs apart, besides those of a method.
    """
    key = [*TASK, *METHOD, *GRID, *more, "run"]
    ordered = rows.sort_values("epoch", kind="stable")
    ends = ordered.groupby(key, sort=False).tail(1).set_index(key)
    ends["sweep_s"] = ordered.groupby(key)["sweep_s"].median()
    return ends.reset_index()


def tuned(rows: pd.DataFrame, within: Sequence[str] = ()) -> pd.DataFrame:
    """Return the epochs of each method at the batch and rate that end best.

    Best is the lowest median test error after the last epoch, for every method alike;
    `within` are columns that are not chosen, such as the batch.
    """
    group = [*TASK, *METHOD, *within]
    ends = last(rows).groupby([*group, *(n for n in GRID if n not in within)])
    error = ends["test_error"].median().reset_index()
    best = error.loc[error.groupby(group)["test_error"].idxmin()]
    return rows.merge(best.drop(columns="test_error"), on=[*TASK, *METHOD, *GRID])


def over(rows: pd.DataFrame, by: Sequence[str], names: Sequence[str]) -> pd.DataFrame:
    """Return one row per group: medians of `names`, `NAME_low` and `NAME_high`.

    Without three runs there is no interval.
    """
    made = []
    for _, group in rows.groupby(list(by), sort=False):
        count = group["run"].nunique()
        row = group.iloc[0].to_dict() | {"launches": count}
        row["runs"] = " ".join(sorted(set(group["run_id"])))
        row["oversubscribed"] = bool(group["oversubscribed"].any())
        row["interval_level"] = intervals.level(count)
        for name in names:
            low, row[name], high = interval(sorted(group[name]))
            row |= {f"{name}_low": low, f"{name}_high": high}
        made.append(row)
    return pd.DataFrame(made)


def interval(ordered: Sequence[float]) -> tuple[float, float, float]:
    """Return the low end, the median, and the high end of values in order.

    >>> interval([1.0, 2.0, 4.0]), interval([3.0])
    ((1.0, 2.0, 4.0), (nan, 3.0, nan))
    """
    n = len(ordered)
    k = intervals.median_rank(n)
    if n < intervals.FEWEST:
        return np.nan, intervals.median(ordered), np.nan
    return ordered[k], intervals.median(ordered), ordered[n - 1 - k]


def targets(rows: pd.DataFrame) -> tuple[float, ...]:
    """Return the highest accuracies that the runs of some method reach by median."""
    by = [*TASK, *METHOD, *GRID, "epoch"]
    least = rows.groupby(by)["test_error"].median().min()
    there = tuple(target for target in LADDER if _within(least, target))
    return there[-TARGETS:] or LADDER[:1]


def _within(error: Any, target: float) -> Any:
    """Return whether an error is small enough: 1.50 % is an accuracy of 98.5 %."""
    return error <= 1.0 - target + 1e-9


def reached(rows: pd.DataFrame, wanted: Sequence[float] = ()) -> pd.DataFrame:
    """Return one row per run and target: `target_s`, infinite where it never came.

    Without `wanted` accuracies they are the `targets` of the rows.
    """
    made = []
    wanted = wanted or targets(rows)
    for _, run in rows.groupby([*TASK, *METHOD, *GRID, "run"], sort=False):
        ordered = run.sort_values("epoch")
        for target in wanted:
            there = ordered[_within(ordered["test_error"], target)]
            time = there["elapsed_s"].iloc[0] if len(there) else np.inf
            made.append(run.iloc[0].to_dict() | {"target": target, "target_s": time})
    return pd.DataFrame(made)
