"""How it was measured and on what: the method in words, the machine as rows."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from tenbin.results import facts
from tenbin.results.report.grid import cut
from tenbin.results.store import Run
from tenbin.units import format_time

MOST_FACTS, DEEPEST = 400, 6
PASSING = ("load", "memory.available_bytes")  # of the moment, not of the machine
SMALLEST_BYTES = 8
MOST_SOURCES = 20


def method(table: pd.DataFrame, runs: Sequence[Run]) -> list[tuple[str, str]]:
    """Return term and explanation of what a reader needs to trust a time."""
    timed = table[table["valid"] & (table["imported"] == "")]
    imported = table[table["valid"] & (table["imported"] != "")]
    return [
        (
            "Time",
            "The median over repetitions of the time from the first rank's entry to "
            "the last rank's exit. A case whose check fails has no time.",
        ),
        ("Start", _start(timed)),
        (
            "Warm-up",
            "Repetitions are discarded until the last two blocks do not differ "
            "(Mann-Whitney, 5 %) or a cap is reached; "
            f"here {_span(timed['warmups'])} per launch. {_first_call(timed)}",
        ),
        ("Stopping", _stop(timed)),
        (
            "Launches",
            "A launch starts all processes anew and is the unit of replication: "
            "repetitions within one launch agree better with each other than with the "
            "next launch. Times are medians over launches of their medians.",
        ),
        (
            "Intervals",
            "Order statistics over launches; no distribution is assumed. The full "
            "range covers the median with 75 % at 3 launches, 94 % at 5; from 6 on the "
            "interval is the tightest with at least 95 %. Speed-up and efficiency: "
            "95 % bootstrap, launches of both rank counts drawn independently.",
        ),
        (
            "Bounds",
            "Peak and memory bandwidth are measured on this machine, not taken from a "
            "data sheet. Roofline: the larger of flops / peak and compulsory bytes / "
            "bandwidth.",
        ),
        (
            "Oversubscription",
            "Points with more ranks than cores are hollow and give no efficiency.",
        ),
        ("Cost of the Python call", _call_cost(timed, runs)),
        *([("Imported", _imported(imported))] if len(imported) else []),
    ]


def _imported(table: pd.DataFrame) -> str:
    """Return which records are not ours, and what stands for their time."""
    texts = [
        f"{len(rows)} records of {cut(str(source), 200)}"
        for source, rows in table.groupby("imported")
    ]
    means = int((table["statistic"] == "mean").sum())
    text = "; ".join(texts[:MOST_SOURCES])
    return (
        f"Times as another tool reports them, without samples: {text}. "
        f"{means} of them have a mean where others have a median. Comparing them with "
        "times measured here compares two definitions as well."
    )


def _span(values: "pd.Series[int]") -> str:
    if values.empty:
        return "none"
    low, high = int(values.min()), int(values.max())
    return str(low) if low == high else f"{low} to {high}"


def _first_call(timed: pd.DataFrame) -> str:
    ratio = (timed["first_s"] / timed["median_s"]).median()
    if ratio != ratio:
        return ""
    return f"The very first call takes {ratio:.3g} times the median, typically."


def _start(timed: pd.DataFrame) -> str:
    texts = []
    for start, rows in timed[timed["start"] != ""].groupby("start"):
        text = f"{len(rows)} records by {start}"
        if start == "window":
            worst = format_time(float(rows["residual_s"].max()))
            late = int(rows["late"].sum())
            text += f" on a common clock (error at most {worst}; {late} late starts)"
        texts.append(text)
    return "; ".join(texts) + "." if texts else "Nothing was timed."


def _stop(timed: pd.DataFrame) -> str:
    meanings = {
        "precision": "the 95 % interval of the median was narrow enough",
        "budget": "the time budget was spent",
        "repetitions": "the largest number of repetitions was reached",
    }
    counts = timed["stop"].value_counts().sort_index()
    texts = [
        f"{count} records stopped because {meanings.get(str(stop), stop)}"
        for stop, count in counts.items()
        if stop
    ]
    span = f"{_span(timed['samples'])} repetitions per launch."
    return "; ".join([*texts, span]) if texts else "Nothing was timed."


def _call_cost(timed: pd.DataFrame, runs: Sequence[Run]) -> str:
    """Say what a call costs where the message costs nothing."""
    texts = []
    small = timed[timed["message_bytes"] == SMALLEST_BYTES]
    small = small[small["variant"] == "library"]
    for (machine, ranks), rows in small.groupby(["machine", "ranks"]):
        time = format_time(float(rows["median_s"].median()))
        texts.append(
            f"the library's allreduce of {SMALLEST_BYTES} B on {ranks} ranks of "
            f"{cut(str(machine), 60)} takes {time}, call included"
        )
    overheads = [
        (name, value)
        for run in runs
        for name, value in flatten(facts.get(run.info.machine, "call_overhead"))
    ]
    texts += [
        f"{name or 'call overhead'}: {value}" for name, value in dict(overheads).items()
    ]
    if not texts:
        return "Not measured: no run holds an allreduce of 8 B by the library."
    text = "; ".join(texts)
    return f"{text[0].upper()}{text[1:]}. Below some 1 KiB it is this that is compared."


def flatten(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield dotted key and text of everything in nested JSON, cut where it is deep."""
    if isinstance(value, dict) and depth < DEEPEST:
        for key in value:
            name = f"{path}.{key}" if path else str(key)
            yield from flatten(value[key], name, depth + 1)
    elif isinstance(value, list) and value and depth < DEEPEST:
        if all(not isinstance(item, dict | list) for item in value):
            yield path, cut(", ".join(str(item) for item in value), 500)
        else:
            for index, item in enumerate(value):
                yield from flatten(item, f"{path}[{index}]", depth + 1)
    elif value is not None:
        yield path, cut(str(value), 500)


def environments(
    runs: Sequence[Run],
) -> list[tuple[str, list[str], list[tuple[str, str]]]]:
    """Return each distinct machine once: its name, its runs, its lasting facts."""
    found: dict[tuple[tuple[str, str], ...], list[Run]] = {}
    for run in runs:
        said = flatten(run.info.machine)
        rows = tuple(row for row in said if row[0] not in PASSING)[:MOST_FACTS]
        found.setdefault(rows, []).append(run)
    return [
        (
            facts.machine_name(group[0].info.machine),
            sorted({run.info.run_id for run in group}),
            list(rows),
        )
        for rows, group in found.items()
    ]
