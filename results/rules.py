"""The twelve rules of `lint` as functions of what was drawn or tabulated.

A rule yields one sentence for each way in which it is not kept; what depends on a
column that is not there is not checked.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from matplotlib.axis import Axis
from matplotlib.category import StrCategoryLocator
from matplotlib.ticker import FixedLocator, ScalarFormatter

from tenbin.results.subject import Facts, Subject

ENOUGH = 5  # launches: an order-statistic interval covers 94 %
SPREAD = 0.10  # coefficient of variation over launches
ABOVE = 1.02  # of a bound, which timing errors allow
MOST = 3  # facts spelt out

Check = Callable[[Subject], Iterator[str]]


def _count(part: int, points: pd.DataFrame) -> str:
    if part == len(points):
        return "The only point" if part == 1 else f"All {part} points"
    return f"{part} of {len(points)} points"


def _are(part: int, one: str = "is", many: str = "are") -> str:
    return one if part == 1 else many


def base_case(subject: Subject) -> Iterator[str]:
    """A gain needs the time it is relative to."""
    points = subject.points
    if not subject.has("speedup"):
        return
    if not subject.has("base_s"):
        yield "Speed-ups without the time of their base."
        return
    none = points["base_s"].isna() & points["time_s"].notna()
    if none.any():
        yield f"{_count(int(none.sum()), points)} without a reference: no speed-up."


def subset(subject: Subject) -> Iterator[str]:
    """What is left out or has failed is counted."""
    points, caption = subject.points, subject.caption
    hidden = subject.has("shown") and not points["shown"].all()
    if hidden and caption is not None and "Drawn:" not in caption:
        yield f"Drawn without a reason: {int(points['shown'].sum())} of {len(points)}."
    bad = int(points["time_s"].isna().sum())
    if bad:
        yield f"{_count(bad, points)} failed or {_are(bad)} wrong: no time."
    if subject.has("failed"):
        part = int((points["time_s"].notna() & (points["failed"] > 0)).sum())
        if part:
            yield f"{_count(part, points)} lack launches that failed."


def means(subject: Subject) -> Iterator[str]:
    """A mean among medians is another quantity."""
    if subject.has("statistic"):
        count = int((subject.points["statistic"] == "mean").sum())
        if count:
            yield f"{_count(count, subject.points)} {_are(count)} a mean, not a median."


def ratios(subject: Subject) -> Iterator[str]:
    """A ratio alone hides how slow both are."""
    relative = {"ratio", "speedup", "efficiency"} & set(subject.points)
    if relative and not subject.has("time_s"):
        yield "Ratios without the times they are made of."


def interval(subject: Subject) -> Iterator[str]:
    """Few launches give no interval, or one that covers little."""
    points = subject.measured
    if not subject.has("launches", "interval_level") or points.empty:
        return
    few = points[points["launches"] < ENOUGH]
    if few.empty:
        return
    count, level = len(few), few["interval_level"].min()
    covers = f"down to {100 * level:.0f} % coverage" if level == level else "some none"
    if few["interval_level"].isna().all():
        covers = "no interval"
    have = f"{_count(count, points)} {_are(count, 'has', 'have')}"
    yield f"{have} fewer than {ENOUGH} launches: {covers}."


def distribution(subject: Subject) -> Iterator[str]:
    """An interval says how it was made; one of a normal distribution would be wrong."""
    caption = subject.caption
    if caption is None or not subject.has("low_s") or "Bars:" not in caption:
        return
    if not any(name in caption for name in ("order", "bootstrap")):
        yield "Intervals are drawn, and nothing says how they were made."


def comparison(subject: Subject) -> Iterator[str]:
    """A ratio whose interval holds 1 is no difference."""
    points = subject.points
    if not subject.has("ratio", "ratio_low", "ratio_high"):
        return
    points = points[points["ratio"].notna()]
    none = int(points["ratio_low"].isna().sum())
    if none:
        yield f"{_count(none, points)} compared without an interval: not decided."
    both = (points["ratio_low"] <= 1.0) & (points["ratio_high"] >= 1.0)
    count = int(both.sum())
    if count:
        yield f"{_count(count, points)} cannot be told from the base."


def spread(subject: Subject) -> Iterator[str]:
    """Where launches disagree, a median alone tells little."""
    if not subject.has("launch_s"):
        return
    points = subject.measured
    wide = [_variation(times) > SPREAD for times in points["launch_s"]]
    if any(wide):
        yield f"{_count(sum(wide), points)} vary by more than 10 % between launches."


def _variation(times: object) -> float:
    if not isinstance(times, tuple) or len(times) < 2:
        return 0.0
    return float(np.std(times, ddof=1) / np.mean(times))


def factors(subject: Subject) -> Iterator[str]:
    """One curve, one machine, one software, one number of threads."""
    points = subject.points
    names = points["series"] if subject.has("series") else points["variant"]
    if subject.runs and subject.has("runs"):
        yield from _mixed(points, names, subject.runs)
    if subject.has("threads", "ranks_per_node", "efficiency"):
        known = points[points["ranks_per_node"] > 0]
        each = known["threads"] / known["ranks_per_node"]
        differ = each.groupby(names.reindex(known.index)).nunique() > 1
        if differ.any():
            yield "Threads per rank differ along a ladder: ranks are not resources."
    if subject.has("oversubscribed") and points["oversubscribed"].any():
        count = int(points["oversubscribed"].sum())
        yield f"{_count(count, points)} ran with more ranks than cores."


def _mixed(points: pd.DataFrame, names: "pd.Series[str]", runs: Facts) -> Iterator[str]:
    found: dict[str, set[str]] = {}
    for _, texts in points["runs"].groupby(names):
        ids = sorted(set(" ".join(texts).split()))
        told = [runs[run] for run in ids if run in runs]
        for name in dict.fromkeys(key for one in told for key in one):
            values = {one.get(name, "unknown") for one in told}
            if len(values) > 1:
                found.setdefault(name, set()).update(values)
    said = [f"{name} ({_brief(sorted(found[name]))})" for name in sorted(found)]
    if said:
        more = f" and {len(said) - MOST} more" if len(said) > MOST else ""
        yield f"Mixed on one curve: {', '.join(said[:MOST])}{more}."


def _brief(values: list[str]) -> str:
    shown = " and ".join(value[:40] for value in values[:2])
    return shown if len(values) <= 2 else f"{shown} and {len(values) - 2} more"


def parallel_time(subject: Subject) -> Iterator[str]:
    """Without a common start a rank waits for others within its own time."""
    if subject.has("flags"):
        flags = subject.points["flags"].str.split()
        count = int(flags.map(lambda words: "unsynchronised" in words).sum())
        if count:
            yield f"{_count(count, subject.points)} started without a common clock."


def bounds(subject: Subject) -> Iterator[str]:
    """Nothing is faster than its bound; without one nobody knows how good it is."""
    points = subject.points
    if subject.has("peak_share"):
        above = (points["peak_share"] > ABOVE) & (points["kernel"] != "conv")
        count = int(above.sum())  # fast convolutions do fewer products than they count
        if count:
            yield f"{_count(count, points)} above the measured peak: one is wrong."
    if subject.has("efficiency_low"):
        count = int((points["efficiency_low"] > 1.0).sum())
        if count:
            yield f"{_count(count, points)} superlinear: check cache and reference."
    gemm = points[points["kernel"] == "gemm"]
    if len(gemm) and subject.has("bound_s") and gemm["bound_s"].isna().all():
        yield "No bound: no peak was measured for this."
    if subject.has("busbw_low"):
        yield "No bound is drawn: the speed of the links is not measured."


def lines(subject: Subject) -> Iterator[str]:
    """Between two names there is nothing to interpolate."""
    if subject.figure is None:
        return
    for axes in subject.figure.axes:
        for axis, place in ((axes.xaxis, 0), (axes.yaxis, 1)):
            if not _of_names(axis):
                continue
            for line in axes.lines:
                data = np.asarray(line.get_xydata(), dtype=float)
                joined = line.get_linestyle() not in ("None", "none", "", " ")
                over_data = line.get_transform().contains_branch(axes.transData)
                if joined and over_data and len(np.unique(data[:, place])) > 1:
                    yield "A line joins categories that have no order."
                    return


def _of_names(axis: Axis) -> bool:
    """Return whether an axis has words at fixed places, not numbers on a scale."""
    fixed = isinstance(axis.get_major_locator(), FixedLocator | StrCategoryLocator)
    words = not isinstance(axis.get_major_formatter(), ScalarFormatter)
    return axis.get_scale() == "linear" and fixed and words


CHECKS: tuple[tuple[int, Check], ...] = (
    (1, base_case),
    (2, subset),
    (3, means),
    (4, ratios),
    (5, interval),
    (6, distribution),
    (7, comparison),
    (8, spread),
    (9, factors),
    (10, parallel_time),
    (11, bounds),
    (12, lines),
)
