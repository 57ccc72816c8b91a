"""Where the time of an epoch goes: computing, curvature, communication, inverses.

    launches -> splits    one row per run: the shares of all its epochs
             -> tables    medians over runs, by method, batch and ranks

Shares are those of the rank that waits least, and without what computing hides.
"""

import json
from typing import Any

import pandas as pd

from tenbin.results.training import GRID, METHOD, TASK, epochs, last, over

PARTS = ("compute", "curvature", "communication", "inverse")
BY = [*METHOD, *GRID, "ranks", "scaling"]


def splits(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the last rows of the runs that tell their split, with its shares."""
    rows = epochs(launches)
    if rows.empty:
        return rows
    ends = last(rows, more=["ranks", "scaling"])
    shares = [_shares(json.loads(details)["history"]) for details in ends["details"]]
    found = ends.join(pd.DataFrame(shares, index=ends.index, columns=list(PARTS)))
    return found[found["compute"].notna()]


def _shares(history: list[dict[str, Any]]) -> dict[str, float]:
    told = [epoch.get("more") or {} for epoch in history]
    spent = {part: sum(one.get(f"{part}_s", 0.0) for one in told) for part in PARTS}
    whole = sum(spent.values())
    return {part: seconds / whole for part, seconds in spent.items()} if whole else {}


def tables(launches: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return a title and the median shares, for every task trained."""
    made = []
    found = splits(launches)
    for task, rows in found.groupby(TASK) if len(found) else ():
        table = over(rows, BY, ["sweep_s", *PARTS]).sort_values(["variant", "ranks"])
        made.append((f"Time of an epoch: {task[1]}, {task[2]}", table))
    return made
