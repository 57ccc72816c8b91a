"""How trained methods tell writers apart.

launches -> writers    one row per run that told them apart
         -> tables     medians over runs, by the kind of pairs and their number
"""

from typing import Any

import pandas as pd

from tenbin.results.concluded import concluded, setting
from tenbin.results.training import METHOD, TASK, over

RECALLS = ("same_recall", "different_recall", "balanced_accuracy", "equal_error")
NUMBERS = (*RECALLS, "auroc")
BY = [*METHOD, "count", "pairs"]


def writers(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the runs that told writers apart; `pairs` is how they were drawn."""
    return concluded(launches, "writers", _read)


def _read(found: dict[str, Any], problem: dict[str, Any]) -> dict[str, Any]:
    row = {name: found.get(name) for name in (*NUMBERS, "tpr", "matrix")}
    balanced = setting(problem.get("settings") or "", "balanced", "true") == "true"
    row["pairs"] = "balanced" if balanced else "unbalanced"
    row["count"] = len(found["matrix"])
    return row


def tables(launches: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return a title and medians over runs, for every set of writers and net."""
    made = []
    found = writers(launches)
    for task, rows in found.groupby(TASK) if len(found) else ():
        table = over(rows, BY, NUMBERS).sort_values(["variant", "count", "pairs"])
        made.append((f"Writers: {task[1]}, twin of {task[2]}", table))
    return made
