"""Which variant is the fastest allreduce at each size and placement, and if for sure.

The fastest is decided where every other variant is slower by the whole interval of its
paired ratio; otherwise the difference is within the noise.
"""

import numpy as np
import pandas as pd

from tenbin.results.ratios import paired
from tenbin.results.table import PLACE, cases

CELL = ["machine", "dtype", "label", "message_bytes", *PLACE]


def winners(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the case of the fastest variant of each cell with 2 or more of them.

    Columns are those of `cases` and: `second`, the next variant; `margin`, its time
    over that of the fastest, as a paired ratio; `decided`.
    """
    timed = cases(launches)
    timed = timed[timed["time_s"].notna()]
    timed = timed[timed.groupby(CELL)["variant"].transform("nunique") > 1]
    best = timed.sort_values("time_s", kind="stable").drop_duplicates(CELL)
    parts = [
        _against(launches, best[best["variant"] == variant], str(variant))
        for variant in sorted(set(best["variant"]))
    ]
    found = pd.concat(parts) if parts else best.assign(second="", margin=np.nan)
    decided = found["decided"].fillna(False) if parts else False
    found = found.assign(decided=np.asarray(decided, dtype=bool))
    order = ["nodes", "ranks", "ranks_per_node", "message_bytes"]
    return found.sort_values(order, kind="stable", ignore_index=True)


def _against(launches: pd.DataFrame, best: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Add how far the others are behind in the cells that `variant` wins."""
    cells = launches.merge(best[CELL], on=CELL)
    others = paired(cells, variant)
    others = others[others["time_s"].notna()]
    clear = others.assign(clear=others["ratio_low"] > 1.0).groupby(CELL)["clear"].all()
    next_ = others.sort_values("time_s", kind="stable").drop_duplicates(CELL)
    next_ = next_[[*CELL, "variant", "ratio"]]
    next_ = next_.rename(columns={"variant": "second", "ratio": "margin"})
    found = best.merge(next_, on=CELL, how="left").fillna({"second": ""})
    return found.join(clear.rename("decided"), on=CELL)
