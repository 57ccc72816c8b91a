"""What trained methods know of their own doubt.

launches -> doubts     one row per run that told its uncertainty
         -> best       of each method the batch and rate with the lowest NLL
         -> tables     medians over runs
"""

from typing import Any

import pandas as pd

from tenbin.results.concluded import concluded
from tenbin.results.training import GRID, METHOD, TASK, over

NUMBERS = ("accuracy", "nll", "ece")
SIDES = ("errors", "outside")  # wrong answers, and what is out of distribution
DETECTED = tuple(f"{side}_{what}" for side in SIDES for what in ("auroc", "fpr_at_95"))
ENTROPY = ("entropy_edges", "entropy_in", "entropy_out")


def doubts(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the runs that told their uncertainty, with its numbers and curves.

    `errors_tpr` and `outside_tpr` are on an even grid of false positive rates.
    """
    return concluded(launches, "uncertainty", _doubt)


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
