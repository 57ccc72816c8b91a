"""What stands out: sentences computed from the data, nothing else."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from tenbin.results import intervals
from tenbin.results.figures.allreduce_ratio import BASELINE, has_pair
from tenbin.results.figures.captions import listed
from tenbin.results.figures.layout import counted
from tenbin.results.figures.series import rows
from tenbin.results.ratios import KEYS, paired
from tenbin.results.report.grid import cut, percent
from tenbin.results.scaling import TOLERANCE
from tenbin.units import format_bytes, format_rate

NAME = 60  # characters of a name in a sentence
SAME = 0.03  # ratios closer to 1 are no news


def sentences(
    table: pd.DataFrame, cases: pd.DataFrame, gains: pd.DataFrame
) -> list[str]:
    """Return what a reader should know first; warnings come before findings."""
    parts = (_replication(cases), _flags(table), _impossible(cases))
    found = (_gemm(cases), _allreduce(table), _scaling(gains))
    return [sentence for part in (*parts, *found) for sentence in part]


def _replication(cases: pd.DataFrame) -> Iterator[str]:
    measured = cases[cases["launches"] > 0]
    few = measured[measured["launches"] < intervals.FEWEST]
    if len(few) and (few["launches"] == 1).all():
        yield f"{_of(len(few), len(cases))} have 1 launch: not comparable."
    elif len(few):
        yield f"{_of(len(few), len(cases))} have fewer than 3 launches: no interval."


def _of(part: int, whole: int) -> str:
    return f"All {whole} cases" if part == whole else f"{part} of {whole} cases"


def _flags(table: pd.DataFrame) -> Iterator[str]:
    words = pd.Series(table["flags"].str.split().explode().dropna(), dtype="object")
    meanings = {
        "contaminated": "disturbed by something else on the machine",
        "oversubscribed": "with more ranks than cores: no efficiency",
        "unsteady": "not steady after the longest warm-up",
        "unsynchronised": "started without a common clock",
        "imported": "measured by another tool, as it reports them",
        "emulated": "on emulated nodes, without a network in between",
    }
    for flag, meaning in meanings.items():
        count = int((words == flag).sum())
        if count:
            yield f"{count} of {len(table)} records are {flag} ({meaning})."


def _impossible(cases: pd.DataFrame) -> Iterator[str]:
    nominal = cases["kernel"] == "conv"  # Winograd does fewer products than it counts
    above = cases[(cases["peak_share"] > 1.02) & ~nominal]
    if len(above):
        names = [cut(str(name), NAME) for name in above["case"]]
        yield (
            f"Above the measured peak, so one of the two is wrong: {listed(names, 3)}."
        )


def _gemm(cases: pd.DataFrame) -> Iterator[str]:
    measured = cases[(cases["kernel"] == "gemm") & cases["flop_per_s"].notna()]
    for (machine, dtype), group in measured.groupby(["machine", "dtype"]):
        best = _last(group, "flop_per_s")
        share = ""
        if best.peak_share == best.peak_share:
            share = f", {percent(best.peak_share)} of the measured peak"
        rate = format_rate(best.flop_per_s, "FLOP/s")
        yield (
            f"Fastest {dtype} GEMM on {cut(str(machine), NAME)}: {rate}{share} "
            f"({cut(best.variant, NAME)}, {cut(best.label, NAME)}, "
            f"{counted(best.ranks, 'rank')})."
        )


def _first(frame: pd.DataFrame, column: str) -> Any:
    """Return the row with the smallest value."""
    return next(rows(frame.sort_values(column, kind="stable").head(1)))


def _last(frame: pd.DataFrame, column: str) -> Any:
    """Return the row with the largest value."""
    return next(rows(frame.sort_values(column, kind="stable").tail(1)))


def _allreduce(table: pd.DataFrame) -> Iterator[str]:
    """Compare by the intervals of paired ratios, largest and smallest message apart."""
    chosen = table[has_pair(table)]
    if chosen.empty:
        return
    ratios = paired(chosen, BASELINE)
    place = [name for name in KEYS if name not in ("label", "scaling", "kernel")]
    for _, group in ratios.groupby(place):
        first = _first(group, "message_bytes")
        where = f"{counted(first.ranks, 'rank')}, {counted(first.nodes, 'node')}"
        head = f"AllReduce, {first.dtype}, {where}: "
        if group["ratio_low"].notna().any():
            yield head + "; ".join(_verdicts(group)) + "."
        else:
            yield head + "too few launches to tell the variants from the library."


def _verdicts(group: pd.DataFrame) -> Iterator[str]:
    faster = group[group["ratio_high"] < 1.0 - SAME]
    if faster.empty:
        yield f"no variant is faster than {BASELINE} at any size"
    for variant, wins in faster.groupby("variant"):
        best = _first(wins, "ratio")
        total = int((group["variant"] == variant).sum())
        size = format_bytes(best.message_bytes)
        yield (
            f"{cut(str(variant), NAME)} is faster than {BASELINE} at {len(wins)} of "
            f"{counted(total, 'size')}, at most {1 / best.ratio:.2f} times (at {size})"
        )


def _scaling(gains: pd.DataFrame) -> Iterator[str]:
    """Name the best and the worst efficiency at the largest rank count of a kernel."""
    known = gains[gains["efficiency"].notna() & (gains["ranks"] > gains["base_ranks"])]
    for (kernel, scaling), group in known.groupby(["kernel", "scaling"]):
        top = group[group["ranks"] == group["ranks"].max()]
        best = _last(top, "efficiency")
        worst = _first(top, "efficiency")
        text = (
            f"{str(scaling).capitalize()} scaling of {kernel} at {best.ranks} ranks: "
        )
        text += f"{percent(best.efficiency)} efficiency ({_who(best)}, reference "
        text += f"{best.baseline})"
        if worst.case != best.case:
            text += f" down to {percent(worst.efficiency)} ({_who(worst)})"
        if best.efficiency > 1.0 + TOLERANCE:
            text += "; more than 100 % calls for a look at cache and reference"
        yield text + "."


def _who(row: Any) -> str:
    return f"{cut(row.variant, NAME)} {cut(row.label, NAME)}"
