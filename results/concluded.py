"""Runs of training by what they tell at their end: one row each.

The run is the unit of replication: seeds and launches count alike.
"""

import json
from collections.abc import Callable
from typing import Any

import pandas as pd

from tenbin.results.training import GRID

OWN = ("dataset", "net", "seed", *GRID)


def tells(table: pd.DataFrame, key: str) -> "pd.Series[bool]":
    """Mark the training outside the ladders whose details have a key."""
    training = (table["kernel"] == "training") & (table["scaling"] == "fixed")
    told = table["details"].str.contains(f'"{key}":', regex=False, na=False)
    return (training & table["valid"] & told).astype(bool)


def concluded(
    launches: pd.DataFrame,
    key: str,
    read: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any]],
) -> pd.DataFrame:
    """Return the runs that tell a key, with what `read` makes of it and the problem."""
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


def setting(text: str, key: str, usual: str) -> str:
    """Return the value of a key in settings, as text.

    >>> setting("writers=3, balanced=false", "balanced", "true")
    'false'
    """
    pairs = (part.partition("=") for part in text.split(","))
    told = {name.strip(): value.strip() for name, _, value in pairs}
    return told.get(key, usual)
