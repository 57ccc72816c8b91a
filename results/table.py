"""From records to two tidy tables.

    launches    one row per case and launch: what one record says, without raw samples
    cases       one row per case: medians and intervals over its launches

The launch is the unit of replication. Records of different machines are never merged.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tenbin.record import IMPORTED, Record, SampleRow, Summary
from tenbin.results import facts, intervals, metrics
from tenbin.results.store import Run

CASE = ["machine", "case"]
PLACE = ["ranks", "ranks_per_node", "nodes"]
SERIES = ["machine", "kernel", "variant", "dtype", "scaling", "label"]
POINT = [*CASE, "run_id", "launch"]
ANCHORS = ("library", "numpy", "reference")
WORK = ["flops", "bytes", "message_bytes"]
ORDER = [*SERIES[:-1], *WORK, "label", *PLACE, "case", "run_id", "launch"]


def launches(runs: Iterable[Run]) -> pd.DataFrame:
    """Return one row per (case, launch); times are NaN where there is no valid time.

    `low_s` and `high_s` bound the median *within* the launch: false precision as soon
    as launches differ. They are kept to show just that. A run given twice counts once.
    """
    rows = [row for run in runs for row in launch_rows(run)]
    table = pd.DataFrame.from_records(rows, columns=list(COLUMNS))
    table = table.astype(COLUMNS).sort_values([*ORDER, "valid"], kind="stable")
    table = table.drop_duplicates(POINT, keep="last", ignore_index=True)
    return table.assign(slot=_slots(table))


def _slots(table: pd.DataFrame) -> pd.Series:
    """Number the variants of each kernel: the number is the colour in all figures."""
    slots: dict[tuple[str, str], int] = {}
    for kernel, rows in table.groupby("kernel"):
        names = sorted(set(rows["variant"]), key=_anchors_first)
        slots |= {(str(kernel), name): slot for slot, name in enumerate(names)}
    pairs = zip(table["kernel"], table["variant"], strict=True)
    return pd.Series([slots[pair] for pair in pairs], table.index, dtype="int64")


COLUMNS: dict[str, str] = {
    **dict.fromkeys(["machine", "run_id", "case"], "object"),
    "launch": "int64",
    **dict.fromkeys(
        ["status", "reason", "kernel", "variant", "dtype", "scaling", "label"], "object"
    ),
    **dict.fromkeys(PLACE, "int64"),
    **dict.fromkeys(WORK, "float64"),
    **dict.fromkeys(["valid", "oversubscribed"], "bool"),
    "samples": "int64",
    **dict.fromkeys(
        ["median_s", "low_s", "high_s", "min_s", "max_s", "first_s"], "float64"
    ),
    "warmups": "int64",
    **dict.fromkeys(["start", "stop", "flags"], "object"),
    "residual_s": "float64",
    "late": "int64",
    "checked": "object",
    "error": "float64",
    **dict.fromkeys(["imported", "statistic"], "object"),
    "rate_byte_per_s": "float64",
    "threads": "int64",
    "peak_flop_per_s": "float64",
    "read_byte_per_s": "float64",
    "link_bound_s": "float64",
    **dict.fromkeys(["problem", "details", "output", "started"], "object"),
    "software": "object",
}


def _anchors_first(variant: str) -> tuple[bool, str]:
    return (variant not in ANCHORS, variant)


def launch_rows(run: Run) -> Iterable[tuple[Any, ...]]:
    """Yield the rows of one run, in the order of its records; columns are `COLUMNS`."""
    machine = facts.machine_name(run.info.machine)
    software = "; ".join(" ".join(pair) for pair in facts.software(run.info).items())
    bounds: dict[tuple[str, int], tuple[float, float]] = {}
    for record in run.records:
        threads = _threads(record)
        place = (record.dtype, threads)
        if place not in bounds:
            bounds[place] = (
                facts.peak_flop_per_s(run.info.machine, *place),
                facts.read_byte_per_s(run.info.machine, threads),
            )
        row = _row(record, sys.intern(machine), threads, bounds[place])
        yield (*row, sys.intern(software))


def _row(
    record: Record, machine: str, threads: int, bounds: tuple[float, float]
) -> tuple[Any, ...]:
    check = record.check
    same = sys.intern
    return (
        *(machine, same(record.run_id), same(record.case), record.launch),
        *(record.status, record.reason, same(record.kernel), same(record.variant)),
        *(same(record.dtype), same(record.scaling), same(record.label)),
        *(record.ranks, record.ranks_per_node, record.nodes),
        *(record.flops, record.bytes, record.message_bytes),
        *(record.valid, "oversubscribed" in record.flags),
        *_times(record),
        same(" ".join(record.flags)),
        *_start(record.samples),
        *((same(check.method), check.error) if check else ("", None)),
        *_source(record),
        *(threads, *bounds, _link_bound_s(record)),
        *(same(_json(record.problem)), same(_json(record.details))),
        *("\n".join(record.output), record.started),
    )


def _times(record: Record) -> tuple[Any, ...]:
    """Return samples .. stop of a valid record; of an imported one what it says."""
    if record.valid and record.samples is not None and record.samples.entry_ns:
        return _sampled(record.samples)
    if record.valid and record.summary is not None:
        return _reported(record.summary)
    return (0, *[None] * 6, 0, "", "")


def _reported(summary: Summary) -> tuple[Any, ...]:
    """Return samples .. stop; a median if there is one, else the mean that is told."""
    times = sorted(summary.times_s)
    middle = summary.median_s
    if middle is None:
        middle = intervals.median(times) if times else summary.mean_s
    least = summary.min_s if summary.min_s is not None or not times else times[0]
    most = summary.max_s if summary.max_s is not None or not times else times[-1]
    return (len(times), middle, None, None, least, most, None, 0, "", "")


def _source(record: Record) -> tuple[str, str, float | None]:
    """Return of an imported record its tool, what its time is, and a rate it told."""
    summary = record.summary
    if summary is None:
        known = IMPORTED in record.flags
        return (str(record.details.get("tool", IMPORTED)) if known else "", "", None)
    tool = " ".join(str(record.details.get(key, "")) for key in ("tool", "version"))
    source = sys.intern(f"{tool.strip() or IMPORTED}: {summary.definition}")
    rate = summary.byte_per_s if record.valid else None
    return (source, summary.statistic, rate)


def _sampled(samples: SampleRow) -> tuple[Any, ...]:
    """Return samples .. stop; the makespan is the last exit less the first entry."""
    pairs = zip(samples.entry_ns, samples.exit_ns, strict=True)
    spans = sorted(max(exits) - min(entries) for entries, exits in pairs)
    n, k = len(spans), intervals.median_rank(len(spans))
    warmup = samples.warmup_ns
    first = warmup[0] * 1e-9 if warmup else None
    middle = intervals.median(spans)
    chosen = (middle, spans[k], spans[n - 1 - k], spans[0], spans[-1])
    times = [value * 1e-9 for value in chosen]
    return (n, *times, first, len(warmup), samples.start, samples.stop)


def _start(samples: SampleRow | None) -> tuple[Any, ...]:
    if samples is None:
        return (None, 0)
    return (samples.residual_ns * 1e-9, len(samples.late))


def _threads(record: Record) -> int:
    """Return the threads of all ranks of a node together, as far as the record says."""
    threads = record.details.get("threads", 1)
    return record.ranks_per_node * (threads if isinstance(threads, int) else 1)


def _link_bound_s(record: Record) -> float | None:
    """Return the time below which the links do not let it come, where a search knew."""
    bound_s = record.details.get("bound_s")
    return bound_s if isinstance(bound_s, float) else None


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, default=str) if value else ""


def cases(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per case: `time_s`, the median of its launches' medians.

    `low_s` and `high_s` are the order-statistic interval over launches and
    `interval_level` what it covers; below 3 launches they are NaN, and `interval`
    says why. Derived rates and their bounds are columns of their own.
    """
    group = table.groupby(CASE, sort=False)
    first = [*SERIES[1:], "slot", *PLACE, *WORK, "threads"]
    first += ["peak_flop_per_s", "read_byte_per_s", "problem"]
    first += ["imported", "statistic"]
    frame = group[first].first()
    frame["attempts"] = group.size()
    frame["launches"] = group["valid"].sum()
    frame["failed"] = frame["attempts"] - frame["launches"]
    frame["samples"] = group["samples"].median()
    frame["rate_byte_per_s"] = group["rate_byte_per_s"].median()
    frame["link_bound_s"] = group["link_bound_s"].median()
    frame = frame.join(_over_launches(table))
    frame["interval"] = _interval_text(frame["launches"])
    frame["oversubscribed"] = group["oversubscribed"].any()
    frame["flags"] = _union(table, "flags")
    frame["runs"] = _union(table, "run_id")
    bad = table[~table["valid"]].groupby(CASE)[["status", "reason"]].first()
    frame["status"] = bad["status"].reindex(frame.index).fillna("ok")
    frame["reason"] = bad["reason"].reindex(frame.index).fillna("")
    return with_rates(frame.reset_index())


def _over_launches(table: pd.DataFrame) -> pd.DataFrame:
    """Return median, interval and range over launches, by case, without a loop."""
    valid = table[table["valid"] & table["median_s"].notna()]
    valid = valid.sort_values([*CASE, "median_s"], kind="stable")
    group = valid.groupby(CASE, sort=False)["median_s"]
    times = valid["median_s"].to_numpy()
    n = group.size().to_numpy()
    start = np.concatenate([[0], np.cumsum(n)[:-1]]).astype(int) if n.size else n
    rank = np.array([intervals.median_rank(int(count)) for count in n], dtype=int)
    level = np.array([intervals.level(int(count)) for count in n], dtype=float)
    enough = n >= intervals.FEWEST

    def pick(position: NDArray[Any]) -> NDArray[np.float64]:
        return np.asarray(times[start + position], dtype=np.float64)

    columns = {
        "launch_s": [tuple(part) for part in np.split(times, start[1:])][: n.size],
        "time_s": (pick((n - 1) // 2) + pick(n // 2)) / 2.0,
        "low_s": np.where(enough, pick(rank), np.nan),
        "high_s": np.where(enough, pick(n - 1 - rank), np.nan),
        "interval_level": np.where(enough, level, np.nan),
        "min_s": pick(n * 0),
        "max_s": pick(n - 1),
    }
    return pd.DataFrame(columns, index=group.size().index)


def _interval_text(launch_count: pd.Series) -> NDArray[Any]:
    texts = ["not measured", "1 launch: not comparable", "2 launches: no interval"]
    return np.select([launch_count == n for n in range(3)], texts, default="")


def _union(table: pd.DataFrame, column: str) -> pd.Series:
    """Return the words of all launches of a case, each once, in order."""
    said = table.loc[table[column] != "", [*CASE, column]].drop_duplicates()
    texts = said.groupby(CASE)[column].agg(
        lambda words: " ".join(sorted(set(" ".join(words).split())))
    )
    index = pd.MultiIndex.from_frame(table[CASE].drop_duplicates())
    return texts.reindex(index).fillna("")


def with_rates(frame: pd.DataFrame) -> pd.DataFrame:
    """Add what follows from time and work: rates, shares of the bounds."""

    def column(name: str) -> NDArray[np.float64]:
        return frame[name].to_numpy(dtype=np.float64)

    time, flops, ranks = column("time_s"), column("flops"), column("ranks")
    peak, nodes = column("peak_flop_per_s"), column("nodes")
    message = np.where(frame["kernel"] == "allreduce", column("message_bytes"), np.nan)
    roofline = metrics.roofline_time(
        flops, column("bytes"), peak * nodes, column("read_byte_per_s") * nodes
    )
    links = column("link_bound_s")
    bound = np.where(np.isnan(links), roofline, links)
    rate = metrics.flop_rate(flops, time)
    return frame.assign(
        flop_per_s=rate,
        peak_share=metrics.share_of_peak(rate, peak * nodes),
        bound_s=bound,
        bound_share=bound / time,
        algbw_byte_per_s=metrics.algbw(message, time),
        busbw_byte_per_s=metrics.busbw(message, time, ranks),
    )
