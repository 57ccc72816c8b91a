"""Paired ratios: each variant against a baseline measured in the same launch."""

import pandas as pd

from tenbin.results import intervals
from tenbin.results.table import PLACE, cases

PAIR = ["machine", "run_id", "launch", "kernel", "dtype", "scaling", "label", *PLACE]
KEYS = [name for name in PAIR if name not in ("run_id", "launch")]


def paired(table: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return the cases of all other variants with `ratio`, time over baseline's time.

    A ratio is formed within a launch, so that what disturbs a whole launch cancels.
    `launch_ratio` holds them all, `ratio` is their median, `ratio_low` and `ratio_high`
    the order-statistic interval over at least 3 launches, `pairs` their number.
    """
    base = table.loc[table["valid"] & (table["variant"] == baseline)]
    base = base[[*PAIR, "median_s"]].rename(columns={"median_s": "base_s"})
    others = table[table["variant"] != baseline]
    others = others.merge(base.drop_duplicates(PAIR), on=PAIR, how="inner")
    both = others[others["valid"]]
    both = both.assign(ratio=both["median_s"] / both["base_s"])
    both = both.sort_values("ratio", kind="stable")
    ratios = (
        both.groupby(["machine", "case"])["ratio"].agg(tuple).rename("launch_ratio")
    )
    points = cases(others).join(ratios, on=["machine", "case"])
    found = [many if isinstance(many, tuple) else () for many in points["launch_ratio"]]
    bounds = pd.DataFrame(
        [_summary(many) for many in found],
        index=points.index,
        columns=["ratio", "ratio_low", "ratio_high", "pairs"],
    )
    return points.join(bounds)


def _summary(ratios: tuple[float, ...]) -> tuple[float, float, float, int]:
    n, nan = len(ratios), float("nan")
    if not n:
        return nan, nan, nan, 0
    middle, k = intervals.median(ratios), intervals.median_rank(n)
    if n < intervals.FEWEST:
        return middle, nan, nan, n
    return middle, ratios[k], ratios[n - 1 - k], n
