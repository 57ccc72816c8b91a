"""Hold a run against a file of bounds: passed, failed, undecided or missing.

    [[bound]]
    case = "allreduce/*/float32/8B/*"     # of the case keys; * and ? stand for others
    metric = "time_s"                     # or flop_per_s, efficiency, ...
    at_most = 20e-6                       # and, or instead, at_least
    method = "interval"                   # or "median"

`interval`: passed where the whole interval over launches keeps the bound, failed where
all of it breaks it, undecided between. `median`: the median alone decides.
"""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

import msgspec
import pandas as pd

from tenbin.decode import blame, decode
from tenbin.errors import NoDataError, UsageError, unknown
from tenbin.results import scaling, table
from tenbin.results.store import Run

TIMES = ("time_s",)
RATES = (
    *("flop_per_s", "peak_share", "bound_share"),
    *("algbw_byte_per_s", "busbw_byte_per_s"),
)
GAINS = scaling.GAINS
METRICS = (*TIMES, *RATES, *GAINS)
METHODS = {
    "interval": "the whole interval over launches must keep the bound",
    "median": "the median over launches must keep the bound",
}


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the cases that match must keep; `note` is repeated where they do not."""

    case: str
    metric: str
    at_least: float | None = None
    at_most: float | None = None
    method: Literal["interval", "median"] = "interval"
    note: str = ""

    @property
    def text(self) -> str:
        """Return the bound in words."""
        ends = (("at least", self.at_least), ("at most", self.at_most))
        told = " and ".join(f"{w} {end:g}" for w, end in ends if end is not None)
        return f"{self.metric} {told}"


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file as a whole; each bound is decoded on its own, to name its number."""

    bound: list[dict[str, Any]]


@dataclass(frozen=True)
class Judged:
    """One bound held against one case; NaN where there is no value or interval."""

    case: str
    bound: Bound
    value: float
    low: float
    high: float
    verdict: str
    reason: str = ""


def read_bounds(path: Path) -> list[Bound]:
    """Return the bounds of a TOML file; raise UsageError naming file and key."""
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    with blame(str(path)):
        found = decode(tree, Bounds).bound
        if not found:
            raise UsageError("no [[bound]]: it would pass whatever the run says")
        return [_bound(number, keys) for number, keys in enumerate(found, start=1)]


def _bound(number: int, keys: dict[str, Any]) -> Bound:
    with blame(f"bound {number}"):
        bound = decode(keys, Bound)
        _check(bound)
    return bound


def _check(bound: Bound) -> None:
    if bound.metric not in METRICS:
        raise unknown("metric", bound.metric, METRICS)
    ends = [end for end in (bound.at_least, bound.at_most) if end is not None]
    if not ends or not all(math.isfinite(end) for end in ends):
        raise UsageError("give at_least, at_most or both, as finite numbers")
    if len(ends) == 2 and ends[0] > ends[1]:
        raise UsageError(f"at_least {ends[0]:g} is above at_most {ends[1]:g}")


def gate(runs: Sequence[Run], bounds: Sequence[Bound]) -> list[Judged]:
    """Judge every case that matches each bound; a bound without any is `missing`.

    Raises NoDataError where the runs hold no record.
    """
    launches = table.launches(runs)
    if launches.empty:
        raise NoDataError("nothing to judge: the runs hold no record")
    cases = table.cases(launches)
    gains = pd.concat([scaling.strong(launches), scaling.weak(launches)])
    nan, found = math.nan, list[Judged]()
    for bound in bounds:
        frame = gains if bound.metric in GAINS else cases
        matching = [fnmatchcase(case, bound.case) for case in frame["case"]]
        rows = list(frame[matching].itertuples())
        if not rows:
            none = "no case matches" + " in a ladder" * (bound.metric in GAINS)
            found.append(Judged(bound.case, bound, nan, nan, nan, "missing", none))
        found += [_judge(row, bound) for row in rows]
    return found


def _judge(row: Any, bound: Bound) -> Judged:
    value, low, high = _values(row, bound.metric)
    least = -math.inf if bound.at_least is None else bound.at_least
    most = math.inf if bound.at_most is None else bound.at_most
    if math.isnan(value):
        why = (
            str(getattr(row, "note", "") or row.reason) or "this case has no such value"
        )
        return Judged(row.case, bound, value, low, high, "failed", why)
    if bound.method == "median":
        low = high = value
    if math.isnan(low):
        why = f"{row.launches} launches give no interval: 3 are needed"
        return Judged(row.case, bound, value, low, high, "undecided", why)
    if low >= least and high <= most:
        verdict = "passed"
    else:
        verdict = "failed" if high < least or low > most else "undecided"
    return Judged(row.case, bound, value, low, high, verdict, bound.note)


def _values(row: Any, metric: str) -> tuple[float, float, float]:
    """Return value, low and high; a rate is highest where the time is lowest."""
    value = float(getattr(row, metric))
    if metric in TIMES:
        return value, row.low_s, row.high_s
    if metric in RATES:
        return value, value * row.time_s / row.high_s, value * row.time_s / row.low_s
    if row.case == row.base_case:
        return value, value, value
    return value, getattr(row, f"{metric}_low"), getattr(row, f"{metric}_high")
