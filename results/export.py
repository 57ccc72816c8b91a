"""Export: launches as a tidy table, and series as JSON Lines for Extra-P.

    {"params": {"ranks": 4}, "callpath": "gemm/numpy/float32/m8n8k8/strong/laptop",
     "metric": "time", "value": [0.0121, 0.0119, 0.0120]}

One line per series and value of the parameter; the values are those of the launches,
in seconds (Extra-P, docs/file-formats.md, "JSON Lines format").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pandas as pd

from tenbin.errors import unknown
from tenbin.results.gather import Row, once
from tenbin.results.store import Run
from tenbin.results.table import launch_rows, launches

PARAMETERS = ("ranks", "nodes", "message_bytes")
NAMES = ("kernel", "variant", "dtype", "label", "scaling", "machine")
FEWEST = 5  # values of a parameter that Extra-P asks for


@dataclass(frozen=True)
class Exported:
    """The lines, how many series they are, and how many of them are short."""

    lines: list[str]
    series: int
    short: int
    failed: int


def tidy_rows(runs: Iterable[Run]) -> list[Row]:
    """Return a row per launch, columns as in `table.COLUMNS`, each launch once."""
    return once(row for run in runs for row in launch_rows(run))


def extrap(runs: Iterable[Run], parameter: str = "ranks") -> Exported:
    """Return the times of all series over one parameter, as Extra-P reads them.

    A series is what agrees in all names but that of the parameter. Points without a
    time are left out and counted. Raises UsageError for another parameter.
    """
    if parameter not in PARAMETERS:
        raise unknown("parameter", parameter, PARAMETERS)
    table = launches(runs)
    timed = table[table["valid"] & table["median_s"].notna()]
    timed = timed[timed[parameter].fillna(0) > 0]
    by = _series(parameter)
    lines, points = [], 0
    lengths = []
    for names, rows in timed.groupby(by, sort=True):
        found = _lines(names, rows, parameter)
        lines += found
        lengths.append(len(found))
        points += len(rows)
    short = sum(length < FEWEST for length in lengths)
    return Exported(lines, len(lengths), short, len(table) - points)


def _series(parameter: str) -> list[str]:
    names = [name for name in NAMES if (name, parameter) != ("label", "message_bytes")]
    fixed = ["ranks_per_node"] if parameter != "message_bytes" else ["ranks", "nodes"]
    return names + fixed


def _lines(names: Sequence[Any], rows: pd.DataFrame, parameter: str) -> list[str]:
    path = "/".join(str(name) or "-" for name in names)
    return [
        msgspec.json.encode(
            {
                "params": {parameter: int(str(value).partition(".")[0])},
                "callpath": path.replace("->", "-"),
                "metric": "time",
                "value": [float(time) for time in group["median_s"]],
            }
        ).decode()
        for value, group in rows.groupby(parameter, sort=True)
    ]
