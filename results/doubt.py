"""What trained methods know of their own doubt, and how they tell writers apart.

    launches -> doubts     one row per run that told its uncertainty
             -> writers    one row per run that told writers apart
             -> best       of each method the batch and rate with the lowest NLL

The run is the unit of replication: seeds and launches count alike.
"""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd

from tenbin.results.training import GRID, METHOD, TASK, over

OWN = ("dataset", "net", "seed", *GRID)
NUMBERS = ("accuracy", "nll", "ece")
SIDES = ("errors", "outside")  # wrong answers, and what is out of distribution
DETECTED = tuple(f"{side}_{what}" for side in SIDES for what in ("auroc", "fpr_at_95"))
ENTROPY = ("entropy_edges", "entropy_in", "entropy_out")
RECALLS = ("same_recall", "different_recall", "balanced_accuracy", "equal_error")


def tells(table: pd.DataFrame, key: str) -> "pd.Series[bool]":
    """Mark the training outside the ladders whose details have a key."""
    training = (table["kernel"] == "training") & (table["scaling"] == "fixed")
    told = table["details"].str.contains(f'"{key}":', regex=False, na=False)
    return (training & table["valid"] & told).astype(bool)


def doubts(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the runs that told their uncertainty, with its numbers and curves.

    `errors_tpr` and `outside_tpr` are on an even grid of false positive rates.
    """
    return _runs(launches, "uncertainty", _doubt)


def _doubt(found: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
    row = {name: found.get(name) for name in (*NUMBERS, "ece_bins", "reliability")}
    outside = found.get("outside") or {}
    for side in SIDES:
        for what in ("auroc", "fpr_at_95", "tpr"):
            row[f"{side}_{what}"] = (found.get(side) or {}).get(what)
    for name in ENTROPY:
        row[name] = outside.get(name)
    if dropout := problem.get("dropout"):
        row["settings"] = f"dropout={dropout:g}, {problem.get('settings')}".strip(", ")
    return row


def writers(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the runs that told writers apart; `pairs` is how they were drawn."""
    return _runs(launches, "writers", _writers)


def _writers(found: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
    row = {name: found.get(name) for name in (*RECALLS, "auroc", "tpr", "matrix")}
    balanced = setting(problem.get("settings") or "", "balanced", "true") == "true"
    row["pairs"] = "balanced" if balanced else "unbalanced"
    row["count"] = len(found["matrix"])
    return row


def _runs(
    launches: pd.DataFrame,
    key: str,
    read: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
) -> pd.DataFrame:
    rows = []
    row: Any
    for row in launches[tells(launches, key)].itertuples():
        problem = json.loads(row.problem)
        own = {name: problem.get(name) for name in OWN}
        own["train_samples"] = problem.get("samples") or 0
        own["settings"] = problem.get("settings") or ""
        own["run"] = f"{row.run_id} {row.launch} {own['seed']}"
        own["placement"] = f"{row.ranks} rank{'s' * (row.ranks > 1)}"
        own |= read(json.loads(row.details)[key], problem)
        rows.append({"at": row.Index, **own, "time_s": row.median_s})
    named = [*OWN, "train_samples", "settings", "run", "placement", "count"]
    found = pd.DataFrame(rows, columns=None if rows else ["at", *named])
    return found.join(launches, on="at").drop(columns="at")


def best(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the runs of each method at the batch and rate of the lowest median NLL."""
    group = [*TASK, *METHOD]
    costs = rows.groupby([*group, *GRID])["nll"].median().reset_index()
    chosen = costs.loc[costs.groupby(group)["nll"].idxmin()]
    return rows.merge(chosen.drop(columns="nll"), on=[*group, *GRID])


def tables(launches: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return a title and the methods' medians over runs, for every task trained."""
    made = []
    found = doubts(launches)
    for task, rows in found.groupby(TASK) if len(found) else ():
        names = [*NUMBERS, *DETECTED]
        numbers = best(rows).astype(dict.fromkeys(names, "float64"))
        table = over(numbers, METHOD, names).sort_values(METHOD)
        made.append((f"Uncertainty: {task[1]}, {task[2]}", table))
    return made


def setting(text: str, key: str, usual: str) -> str:
    """Return the value of a key in settings, as text.

    >>> setting("writers=3, balanced=false", "balanced", "true")
    'false'
    """
    pairs = (part.partition("=") for part in text.split(","))
    told = {name.strip(): value.strip() for name, _, value in pairs}
    return told.get(key, usual)
