"""Strong and weak scaling against a named baseline.

The baseline of a series is its smallest measured rank count that is not oversubscribed,
unless another is named. Intervals of speed-up and efficiency are bootstrapped over
launches (`ratio_interval`): those of p and of p0 are drawn independently, since they
are different launches.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tenbin.errors import UsageError
from tenbin.results import metrics
from tenbin.results.ratio_interval import ratio_interval
from tenbin.results.table import CASE, SERIES, cases
from tenbin.units import format_time

TOLERANCE = 0.05  # of the work, which a ladder claims to keep constant
TOO_GOOD = 1.01  # an efficiency that needs an explanation
GAINS = ("speedup", "efficiency")
MIXED = " | "
LADDER = [*SERIES, "placement"]


def strong(
    table: pd.DataFrame, force: bool = False, baseline: int | None = None
) -> pd.DataFrame:
    """Return the strong ladders of a launch table, one row per series and rank count.

    Columns are those of `cases` and: `base_ranks`, `base_s` and `baseline` (its name),
    `speedup`, `efficiency`, each with `_low` and `_high`, `karp_flatt`, `software`,
    and `note`. Oversubscribed points get no efficiency unless forced. Raises UsageError
    where no ladder has the `baseline`, a rank count.
    """
    return _ladders(table, "strong", force, baseline)


def weak(
    table: pd.DataFrame, force: bool = False, baseline: int | None = None
) -> pd.DataFrame:
    """Return the weak ladders; `speedup` is the scaled one, the relative throughput.

    A series whose work per rank varies by more than 5 % gets no efficiency: the note
    says that it is not weak scaling.
    """
    return _ladders(table, "weak", force, baseline)


def _ladders(
    table: pd.DataFrame, scaling: str, force: bool, baseline: int | None
) -> pd.DataFrame:
    chosen = table[table["scaling"] == scaling]
    points = _with_placement(cases(chosen))
    points = points.sort_values([*LADDER, "ranks"], kind="stable", ignore_index=True)
    points = _with_software(_with_work(points, scaling), chosen)
    points = _with_baseline(points, force, baseline)
    points = _with_gains(points, chosen, scaling)
    usable = points["base_s"].notna() & (points["work_spread"] <= TOLERANCE)
    usable &= force | ~points["oversubscribed"]
    hidden = [name for name in points if str(name).startswith((*GAINS, "karp"))]
    points.loc[~usable, hidden] = np.nan
    known = points.set_index(CASE)["software"]
    base = pd.MultiIndex.from_frame(points[["machine", "base_case"]])
    reference = known.reindex(base).fillna("").to_numpy()
    lines = zip(points.itertuples(), reference, strict=True)
    notes = [_note(row, scaling, force, other) for row, other in lines]
    return points.assign(note=notes)


def _with_software(points: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Add the software that the launches of a point ran with; several between bars."""
    said = table.loc[table["valid"], [*CASE, "software"]].drop_duplicates()
    texts = said.sort_values("software").groupby(CASE)["software"].agg(MIXED.join)
    return points.join(texts, on=CASE).fillna({"software": ""})


def _with_placement(points: pd.DataFrame) -> pd.DataFrame:
    """Tell placements apart where a series has one rank count on several of them."""
    twice = points.duplicated([*SERIES, "ranks"], keep=False)
    clash = twice.groupby([points[name] for name in SERIES]).transform("any")
    texts = points["ranks_per_node"].astype(str) + " per node"
    return points.assign(placement=texts.where(clash.astype(bool), ""))


def _with_work(points: pd.DataFrame, scaling: str) -> pd.DataFrame:
    """Add what must be constant, and how far it varies within the series."""
    work = points["flops"].fillna(points["bytes"]).fillna(points["message_bytes"])
    constant = work / points["ranks"] if scaling == "weak" else work
    group = constant.groupby([points[name] for name in LADDER])
    spread = group.transform("max") / group.transform("min") - 1.0
    return points.assign(work=constant, work_spread=spread.fillna(0.0))


def _with_baseline(
    points: pd.DataFrame, force: bool, baseline: int | None
) -> pd.DataFrame:
    fit = points[points["time_s"].notna() & (force | ~points["oversubscribed"])]
    if baseline is not None:
        counts = sorted({int(ranks) for ranks in fit["ranks"]})
        fit = fit[fit["ranks"] == baseline]
        if counts and fit.empty:
            choices = ", ".join(str(count) for count in counts)
            raise UsageError(f"no baseline of {baseline} ranks; choose from {choices}")
    base = fit.groupby(LADDER)[["ranks", "time_s", "case"]].first()
    base.columns = pd.Index(["base_ranks", "base_s", "base_case"])
    points = points.join(base, on=LADDER)
    names = [
        f"{ranks:.0f} {'rank' if ranks == 1 else 'ranks'}, {format_time(time)}"
        if ranks == ranks
        else "none"
        for ranks, time in zip(points["base_ranks"], points["base_s"], strict=True)
    ]
    return points.assign(baseline=names)


def _with_gains(
    points: pd.DataFrame, table: pd.DataFrame, scaling: str
) -> pd.DataFrame:
    def column(name: str) -> NDArray[np.float64]:
        return points[name].to_numpy(dtype=np.float64)

    time, ranks = column("time_s"), column("ranks")
    base_s, base_ranks = column("base_s"), column("base_ranks")
    low, high = _ratio_intervals(points, table)
    if scaling == "weak":
        speedup = metrics.scaled_speedup(base_s, time, base_ranks, ranks)
        efficiency = metrics.weak_efficiency(base_s, time)
    else:
        speedup = metrics.speedup(base_s, time)
        efficiency = metrics.strong_efficiency(base_s, time, base_ranks, ranks)
    ratio = base_s / time
    ratio = np.where(ratio > 0.0, ratio, np.nan)
    gains = {
        f"{name}{end}": value * edge
        for name, value in zip(GAINS, (speedup, efficiency), strict=True)
        for end, edge in (("", 1.0), ("_low", low / ratio), ("_high", high / ratio))
    }
    serial = metrics.karp_flatt(speedup, ranks / base_ranks)
    unsaid = (ranks <= base_ranks) | (scaling == "weak")
    return points.assign(**gains, karp_flatt=np.where(unsaid, np.nan, serial))


def _ratio_intervals(
    points: pd.DataFrame, table: pd.DataFrame
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the 95 % bootstrap interval of t(p0) / t(p) of every point, or NaN."""
    valid = table[table["valid"]]
    grouped = valid.groupby(CASE)["median_s"]
    medians = {key: values.to_numpy() for key, values in grouped}
    bounds = np.full((2, len(points)), np.nan)
    keys = zip(points["machine"], points["case"], points["base_case"], strict=True)
    for row, (machine, case, base) in enumerate(keys):
        here, there = medians.get((machine, case)), medians.get((machine, base))
        if case != base and here is not None and there is not None:
            bounds[:, row] = ratio_interval(there, here)
    return bounds[0], bounds[1]


def _note(row: Any, scaling: str, force: bool, reference: str) -> str:
    """Return what a reader must know about a point, or an empty text."""
    if np.isnan(row.time_s):
        return f"{row.status}: {row.reason}".rstrip(": ")
    if row.work_spread > TOLERANCE:
        what = "work per rank" if scaling == "weak" else "work"
        return f"{what} varies by {100 * row.work_spread:.0f} %: not {scaling} scaling"
    if row.oversubscribed:
        return "oversubscribed" + (", forced" if force else ": no efficiency")
    if np.isnan(row.base_s):
        return "the ladder has no reference: no efficiency"
    mixed = _mixed(row.software, reference)
    if row.case == row.base_case:
        return "; ".join(filter(None, ("reference", mixed)))
    if row.efficiency_low > TOO_GOOD:
        return "superlinear: check cache and reference" + (
            f"; {mixed}" if mixed else ""
        )
    return mixed


def _mixed(here: str, reference: str) -> str:
    """Say whether a point and its reference ran with different software."""
    if MIXED in here:
        return "mixed software: its launches differ among themselves"
    mine, theirs = set(here.split("; ")), set(reference.split("; "))
    if mine == theirs or not here or not reference:
        return ""
    what = ", ".join(sorted(mine - theirs)) or "less is known"
    than = ", ".join(sorted(theirs - mine)) or "less is known"
    return f"mixed software: {what} (reference: {than})"
