"""Convolutions layer by layer: time, speed-up, share of the peak, error; and totals.

    launches -> spread    one row per launch, and per network that the shape occurs in
             -> layers    one row per layer and series: medians, and what follows
             -> totals    one row per series: the whole network, layers times counts

The base of a speed-up is the fastest float32 of a layer that users have: torch in any
of its layouts, or im2col where there is no torch.
"""

import json
from typing import Any

import numpy as np
import pandas as pd

from tenbin.results.table import cases

NETWORK = ["machine", "network", "batch", "direction", "cold", "ranks", "threads"]
NAMES = ("network", "dataset")
SERIES = ["variant", "dtype", "layout"]
PLACE = ["layer", "number", "count", "layers"]
ACCURACY = ["relative_l2", "bias", "excess"]
NUMBERS = [*ACCURACY, "pack_s", "flops_unpadded"]
TOLD = [*NUMBERS, "algorithm", "why"]
BASES = (("torch", "torch_prepacked"), ("im2col",))


def spread(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of layers, each once for every network it occurs in."""
    rows = []
    row: Any
    for row in launches[launches["kernel"] == "conv"].itertuples():
        details = json.loads(row.details) if row.details else {}
        problem = json.loads(row.problem)
        own = {name: problem[name] for name in ("direction", "cold", "layout")}
        told = {name: details.get(name) for name in TOLD}
        for network, place in details.get("networks", {}).items():
            rows.append(
                {"at": row.Index, "network": network, "batch": problem["n"],
                 **place, **own, **told}
            )  # fmt: skip
    columns = ["at", "network", "batch", *PLACE, "direction", "cold", "layout", *TOLD]
    found = pd.DataFrame(rows, columns=columns)
    found = found.astype(dict.fromkeys(NUMBERS, "float64"))
    return found.join(launches, on="at").drop(columns="at").reset_index(drop=True)


def complete(launches: pd.DataFrame) -> pd.DataFrame:
    """Return `spread` of the networks of which some series has every layer."""
    rows = spread(launches)
    measured = rows[rows["valid"] & rows["relative_l2"].notna()]
    series = measured.groupby([*NETWORK, *SERIES])
    every = series["number"].nunique() == series["layers"].first()
    found = every[every].reset_index()[NETWORK].drop_duplicates()
    return rows.merge(found, on=NETWORK)


def layers(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per layer and series of one network, in the order of both.

    Beside the columns of `cases` there are those of `spread`, the base of the layer
    with `base_s` and `speedup`, and `side`: whether the roofline of the measured peak
    and the measured bandwidth makes it compute- or memory-bound.
    """
    first = rows.groupby("case", sort=False)[[*NETWORK[1:5], *PLACE, "layout", *TOLD]]
    table = cases(rows).merge(first.first().reset_index(), on="case")
    table = table.merge(_bases(table), on="number", how="left")
    table["speedup"] = table["base_s"] / table["time_s"]
    ridge = table["peak_flop_per_s"] / table["read_byte_per_s"]
    intensity = table["flops"] / table["bytes"]
    table["side"] = np.where(intensity < ridge, "memory", "compute")
    table.loc[ridge.isna(), "side"] = ""
    words = ["algorithm", "why", "base"]
    table[words] = table[words].fillna("")
    order = ["number", "slot", "dtype", "layout"]
    return table.sort_values(order, kind="stable", ignore_index=True)


def _bases(table: pd.DataFrame) -> pd.DataFrame:
    """Return `base` and `base_s` of each layer: the fastest float32 of the peers."""
    measured = table[(table["dtype"] == "float32") & table["time_s"].notna()]
    for names in BASES:
        peers = measured[measured["variant"].isin(names)]
        if len(peers):
            best = peers.loc[peers.groupby("number")["time_s"].idxmin()]
            found = best[["number", "variant", "time_s"]]
            return found.set_axis(["number", "base", "base_s"], axis=1)
    columns = {"number": "int64", "base": "object", "base_s": "float64"}
    return pd.DataFrame(columns=list(columns)).astype(columns)


def totals(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per series that has every layer: sums of count times time.

    The errors are those of the worst layer.
    """
    found = []
    for _, group in table.groupby(SERIES, sort=False):
        row: dict[Any, Any] = group.iloc[0].to_dict()
        if group["time_s"].notna().sum() < row["layers"]:
            continue
        count = group["count"]
        summed = ("flops", "flops_unpadded", "bytes", "time_s", "base_s", "pack_s")
        row |= {name: (count * group[name]).sum(min_count=1) for name in summed}
        row |= {name: max(group[name], key=abs) for name in ACCURACY}
        row |= {"layer": "whole network", "number": row["layers"], "count": 1}
        row["speedup"] = row["base_s"] / row["time_s"]
        row["flop_per_s"] = row["flops"] / row["time_s"]
        row["peak_share"] = row["flop_per_s"] / (row["peak_flop_per_s"] * row["nodes"])
        row |= {"low_s": np.nan, "high_s": np.nan, "algorithm": "", "why": ""}
        row["base"] = "the best of each"
        row |= {"launches": group["launches"].min(), "label": "", "side": ""}
        row["runs"] = " ".join(sorted(set(" ".join(group["runs"]).split())))
        found.append(row)
    return pd.DataFrame(found, columns=table.columns)


def whole(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the layers of one network, and then its totals."""
    table = layers(rows)
    sums = totals(table)
    return pd.concat([table, sums], ignore_index=True) if len(sums) else table


def networks(launches: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return a title and the layers of every network that was weighed."""
    rows = spread(launches[launches["scaling"] == "fixed"])
    return [
        (title(f"Layers of {name[1]}", rows, group, NETWORK), whole(group))
        for name, group in rows.groupby(NETWORK)
    ]


def title(what: str, rows: pd.DataFrame, group: pd.DataFrame, by: list[str]) -> str:
    """Return `what` and the columns of `by`, but its name, that tell a group apart."""
    first = group.iloc[0]
    telling = [name for name in by if name not in NAMES and rows[name].nunique() > 1]
    return ", ".join([what, *(f"{name} {first[name]}" for name in telling)])
