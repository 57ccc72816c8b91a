"""What each precision does to the answers of a trained net, and what it gains.

    launches -> spread    one row per launch of inference, with its task and precision
             -> answers   one row per precision and variant of one task: medians, top-1

The base of a speed-up is the fastest fp32 of the same task; times are per image, since
slow variants are given fewer of them.
"""

import json
from typing import Any

import pandas as pd

from tenbin.results.layers import title
from tenbin.results.table import cases

TASK = ["machine", "dataset", "ranks", "threads"]
NUMBERS = ["top1", "top1_change", "changed_answers", "relative_l2"]
TOLD = ["precision", "accumulate", *NUMBERS]
OWN = ["dataset", "images", *TOLD]
NETWORK = "lenet-5"
PRECISIONS = ("fp32", "dfp16", "mfp16", "bf16")  # the order of the rows


def spread(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of inference with what their problems and details tell."""
    rows = []
    row: Any
    for row in launches[needs(launches)].itertuples():
        details = json.loads(row.details) if row.details else {}
        problem = json.loads(row.problem)
        own = {name: problem[name] for name in ("dataset", "images")}
        rows.append({"at": row.Index, **own, **{n: details.get(n) for n in TOLD}})
    found = pd.DataFrame(rows, columns=["at", *OWN])
    found = found.astype(dict.fromkeys(NUMBERS, "float64"))
    return found.join(launches, on="at").drop(columns="at").reset_index(drop=True)


def needs(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark inference outside the ladders."""
    return (table["kernel"] == "inference") & (table["scaling"] == "fixed")


def answers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per precision and variant of one task, in the order of both.

    Beside the columns of `cases` there are those of `spread`, `image_s`, and `speedup`
    over the fastest fp32, NaN where there is none.
    """
    first = rows.groupby("case", sort=False)[OWN].first().reset_index()
    table = cases(rows).merge(first, on="case")
    words = ["precision", "accumulate"]
    table[words] = table[words].fillna("")
    table["image_s"] = table["time_s"] / table["images"]
    base_s = table.loc[table["precision"] == "fp32", "image_s"].min()
    table["speedup"] = base_s / table["image_s"]
    places = {name: place for place, name in enumerate(PRECISIONS)}
    table["number"] = table["precision"].map(places).fillna(len(places)).astype(int)
    order = ["number", "slot", "images"]
    return table.assign(network=NETWORK).sort_values(order, ignore_index=True)


def tables(launches: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return a title and the answers of every task."""
    rows = spread(launches)
    return [
        (title(f"Answers of {NETWORK} on {name[1]}", rows, group, TASK), answers(group))
        for name, group in rows.groupby(TASK)
    ]
