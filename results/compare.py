"""Compare two groups of runs: faster, slower, same or undecided, case by case.

    ratio      new time / base time, medians over launches (interval: ratio_interval.py)
    p-value    permutation of whole launches, largest |t| of the sweep (permute.py)
    verdict    same              interval within the threshold on both sides of 1
               faster, slower    p <= 0.05 for the sweep, interval without 1
               undecided         neither; `more_launches` says what it would take
               failed            base has a time, new has none

The geometric mean over all cases, `overall`, is one more column of the same test.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tenbin.errors import NoDataError, UsageError
from tenbin.results import table
from tenbin.results.differences import differences
from tenbin.results.permute import Permuted, can_decide, permute
from tenbin.results.ratio_interval import ratio_interval
from tenbin.results.store import Run
from tenbin.stats import SIGNIFICANT

Floats = NDArray[np.float64]

THRESHOLD = 0.03
RECOMMENDED = 5  # launches
POWER_Z = 1.2816  # of the normal distribution, for a chance of 90 %
HOPELESS = 100  # launches: beyond, more of them are no advice
OVERALL = "overall"
METHOD = (
    "Whole launches are permuted between the two and the largest |t| of the sweep is "
    "taken: of sweeps without a difference at most 5 % have any case called faster or "
    "slower. Ratios are new time over base time, medians over launches, with a 95 % "
    "bootstrap-t interval for each case alone. Detectable is the difference that this "
    "sweep would find with 90 % chance. What drifts between the two runs counts as a "
    "difference: interleave their launches where you can."
)


@dataclass(frozen=True)
class Comparison:
    """The verdicts, one row per case in `rows`; `overall` is a row of that shape.

    `differences` are those of machine and software, `unmatched` cases in one only.
    """

    rows: pd.DataFrame
    overall: "pd.Series[Any]"
    threshold: float
    differences: list[str]
    unmatched: list[str]
    launches: tuple[int, int]

    @property
    def regressions(self) -> pd.DataFrame:
        """Return the rows that are slower beyond the threshold, or lost their time."""
        slower = (self.rows["verdict"] == "slower") & _beyond(self.rows, self.threshold)
        return self.rows[slower | (self.rows["verdict"] == "failed")]

    @property
    def regressed(self) -> bool:
        """Return whether any case, or all together, got worse."""
        whole = self.overall["ratio"] > 1.0 + self.threshold
        return bool(
            len(self.regressions) or (self.overall["verdict"] == "slower" and whole)
        )


def _beyond(rows: pd.DataFrame, threshold: float) -> "pd.Series[bool]":
    return rows["ratio"] > 1.0 + threshold


def compare_runs(
    base: Sequence[Run], new: Sequence[Run], threshold: float = THRESHOLD
) -> Comparison:
    """Compare two groups of runs, and say what differs besides the times."""
    told = differences(base, new)
    return compare(table.launches(base), table.launches(new), threshold, told)


def compare(
    base: pd.DataFrame,
    new: pd.DataFrame,
    threshold: float = THRESHOLD,
    told: Sequence[str] = (),
) -> Comparison:
    """Compare two launch tables (`table.launches`).

    Raises NoDataError where they have no case in common, UsageError where several
    machines cannot be told apart.
    """
    base, new = _one_machine(base, new)
    before, after = _matrix(base), _matrix(new)
    shared = before.columns.intersection(after.columns, sort=False)
    lost = before.columns.intersection(pd.MultiIndex.from_frame(new[table.CASE]))
    lost = lost.difference(after.columns, sort=False)
    if shared.empty and lost.empty:
        raise NoDataError("nothing to compare: no case has a time in both")
    rows = _describe(base, new, [*shared, *lost])
    verdicts, overall = judge(before[shared], after[shared], threshold)
    rows = rows.join(verdicts.reindex(rows.index))
    rows["verdict"] = rows["verdict"].fillna("failed")
    seen = (set(map(tuple, side[table.CASE].to_numpy())) for side in (base, new))
    only_base, only_new = (sorted(one) for one in _one_sided(*seen))
    unmatched = [f"only in base: {case}" for _, case in only_base]
    unmatched += [f"only in new: {case}" for _, case in only_new]
    counts = (len(before), len(after))
    rows = rows.sort_values(table.ORDER[:-2], kind="stable", ignore_index=True)
    return Comparison(rows, overall, threshold, list(told), unmatched, counts)


def _one_sided(base: set[Any], new: set[Any]) -> tuple[set[Any], set[Any]]:
    return base - new, new - base


def _one_machine(
    base: pd.DataFrame, new: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let cases of one machine match those of another; that it is another is told."""
    machines = [sorted(set(side["machine"])) for side in (base, new)]
    if machines[0] == machines[1]:
        return base, new
    for name, found in zip(("base", "new"), machines, strict=True):
        if len(found) > 1:
            raise UsageError(
                f"{name} holds runs of several machines ({', '.join(found)!s:.200}) and"
                " the other not the same ones: give runs of one machine each"
            )
    return base, new.assign(machine=machines[0][0]) if machines[0] else new


def _matrix(side: pd.DataFrame) -> pd.DataFrame:
    """Return log medians: one row per launch, one column per (machine, case)."""
    timed = side[side["valid"] & (side["median_s"] > 0.0)]
    logs = timed.assign(log_s=np.log(timed["median_s"].to_numpy()))
    return logs.pivot_table(
        "log_s", ["run_id", "launch"], table.CASE, aggfunc="mean", sort=True
    )


def _describe(
    base: pd.DataFrame, new: pd.DataFrame, keys: list[tuple[str, str]]
) -> pd.DataFrame:
    """Return what the compared cases are, with the medians of both sides."""
    keep = [*dict.fromkeys([*table.ORDER[:-2], "slot"])]
    columns = [*keep, "time_s", "launches", "status", "reason"]
    before, after = (
        table.cases(side).set_index(table.CASE, drop=False).rename_axis([None, None])
        for side in (base, new)
    )
    index = pd.MultiIndex.from_tuples(keys)
    rows = before[columns].loc[index]
    later = after.loc[index]
    return rows.rename(
        columns={"time_s": "base_s", "launches": "base_launches"}
    ).assign(
        new_s=later["time_s"],
        new_launches=later["launches"],
        status=later["status"],
        reason=later["reason"],
    )


def judge(
    before: pd.DataFrame, after: pd.DataFrame, threshold: float
) -> tuple[pd.DataFrame, "pd.Series[Any]"]:
    """Return the verdict of every shared case, and that of all together.

    Both hold log times, a row per launch and a column per case, the same cases.
    """
    if before.columns.empty:
        empty = pd.DataFrame(columns=VERDICT, index=before.columns)
        return empty, pd.Series({**dict.fromkeys(VERDICT, np.nan), "verdict": "failed"})
    base, new = before.to_numpy(), after.to_numpy()
    middle = np.nanmean(np.vstack([base, new]), axis=0)
    sides = [
        np.column_stack([side, np.nanmean(side - middle, axis=1)])
        for side in (base[~np.isnan(base).all(axis=1)], new[~np.isnan(new).all(axis=1)])
    ]
    found = permute(*sides)
    rows = _verdicts(found, sides[0], sides[1], threshold)
    names = pd.MultiIndex.from_tuples([*before.columns, (OVERALL, OVERALL)])
    rows.index = names
    return rows.iloc[:-1], rows.iloc[-1]


VERDICT = [
    *("ratio", "ratio_low", "ratio_high", "p_value", "detectable"),
    *("more_launches", "verdict"),
]


def _verdicts(
    found: Permuted, base: Floats, new: Floats, threshold: float
) -> pd.DataFrame:
    here, there = (np.isfinite(side).sum(axis=0) for side in (base, new))
    ratio, low, high = _ratios(base, new)
    pairs = zip(here, there, strict=True)
    decidable = np.array([can_decide(*pair) for pair in pairs]) & ~np.isnan(low)
    differs = decidable & (found.p_value <= SIGNIFICANT)
    limit = 1.0 + threshold
    same = decidable & (low >= 1.0 / limit) & (high <= limit)
    verdict = np.select(
        [same, differs & (low > 1.0), differs & (high < 1.0)],
        ["same", "slower", "faster"],
        "undecided",
    )
    within = np.expm1((found.critical + POWER_Z) * found.error)
    more = _more(found, here, there, math.log(limit), decidable)
    return pd.DataFrame(
        {
            "ratio": ratio,
            "ratio_low": low,
            "ratio_high": high,
            "p_value": found.p_value,
            "detectable": np.where(decidable, within, np.nan),
            "more_launches": np.where(verdict == "undecided", more, 0.0),
            "verdict": verdict,
        }
    )


def _ratios(base: Floats, new: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the ratio of each case, and its interval, from log times with gaps."""
    ratio = np.exp(np.nanmedian(new, axis=0) - np.nanmedian(base, axis=0))
    ends = [
        ratio_interval(*(np.exp(side[np.isfinite(side)]) for side in (after, before)))
        for before, after in zip(base.T, new.T, strict=True)
    ]
    low, high = np.array(ends, dtype=float).T
    return ratio, low, high


def _more(
    found: Permuted,
    base: NDArray[Any],
    new: NDArray[Any],
    room: float,
    decidable: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Return how many more launches of each would tell a difference of `room`."""
    spread = found.error**2 / (1.0 / base + 1.0 / new)
    fewer = np.minimum(base, new)
    wanted = np.full(len(base), float(RECOMMENDED))
    if room > 0.0:
        enough = 2.0 * spread * ((found.critical + POWER_Z) / room) ** 2
        wanted = np.where(decidable, np.maximum(np.ceil(enough), fewer + 1.0), wanted)
    return np.asarray(np.maximum(wanted - fewer, 1.0))
