"""A comparison in words: sentences, rows of values, Markdown for a pull request."""

import math
from typing import Any

import numpy as np
import pandas as pd

from tenbin.results.compare import HOPELESS, METHOD, RECOMMENDED, Comparison
from tenbin.results.figures.layout import counted
from tenbin.results.figures.series import rows
from tenbin.results.permute import can_decide
from tenbin.results.text_table import markdown_table, markdown_text
from tenbin.units import format_time

ORDER = ("failed", "slower", "faster", "undecided", "same")
MOST_NAMED = 20
TITLES = ("case", "base", "new", "ratio", "95 % interval", "p", "detectable", "verdict")


def summary(comparison: Comparison) -> str:
    """Return the verdicts as one sentence, the overall ratio included."""
    counts = comparison.rows["verdict"].value_counts()
    told = [f"{counts[name]} {name}" for name in ORDER if name in counts]
    text = f"{counted(len(comparison.rows), 'case')}: {', '.join(told)}"
    overall = comparison.overall
    if math.isnan(overall["ratio"]):
        return f"{text}."
    band = interval(overall)
    return (
        f"{text}. Overall {overall['verdict']}: {overall['ratio']:.3f} times the time"
        f"{f' ({band})' if band else ''}."
    )


def advice(comparison: Comparison) -> list[str]:
    """Return what to do where nothing could be told."""
    base, new = comparison.launches
    if not can_decide(base, new):
        more = max(RECOMMENDED - min(base, new), 1)
        each = f"{base} and {new} launches" if base != new else counted(base, "launch")
        each = each.replace("launchs", "launches")
        return [f"{each} can decide nothing: run {more} more of each."]
    rows_ = comparison.rows
    undecided = rows_[rows_["verdict"] == "undecided"]
    if undecided.empty:
        return []
    more = int(undecided["more_launches"].max())
    limit = _percent(comparison.threshold)
    what = counted(len(undecided), "case")
    if more > HOPELESS:
        return [
            f"{what} undecided: telling {limit} would take more than {HOPELESS} "
            "launches; find the noise first (tenbin doctor)."
        ]
    return [f"{what} undecided: run {more} more launches of each to tell {limit}."]


def interval(row: Any) -> str:
    """Return the interval of a ratio, empty where there is none."""
    low, high = row["ratio_low"], row["ratio_high"]
    return "" if math.isnan(low) else f"{low:.3f} to {high:.3f}"


def values(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the rows for CSV and JSON: raw values, absent ones as None."""
    keep = [c for c in comparison.rows.columns if c not in ("slot", "status", "reason")]
    frame = comparison.rows[keep].astype(object)
    frame = frame.where(pd.notna(frame), None)
    return [
        {name: _plain(value) for name, value in zip(keep, row, strict=True)}
        for row in frame.itertuples(index=False)
    ]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def document(comparison: Comparison) -> dict[str, Any]:
    """Return everything a program may want, as JSON types."""
    overall = {
        name: None if isinstance(value, float) and math.isnan(value) else _plain(value)
        for name, value in comparison.overall.items()
    }
    return {
        "method": METHOD,
        "threshold": comparison.threshold,
        "regressed": comparison.regressed,
        "launches": dict(zip(("base", "new"), comparison.launches, strict=True)),
        "overall": overall,
        "differences": comparison.differences,
        "unmatched": comparison.unmatched,
        "advice": advice(comparison),
        "cases": values(comparison),
    }


def cells(comparison: Comparison) -> list[list[str]]:
    """Return one line of text per case, what matters most first."""
    order = comparison.rows["verdict"].map(ORDER.index)
    sorted_rows = comparison.rows.loc[order.sort_values(kind="stable").index]
    return [_cells(row) for row in rows(sorted_rows)]


def _cells(row: Any) -> list[str]:
    ends = {"ratio_low": row.ratio_low, "ratio_high": row.ratio_high}
    return [
        row.case,
        _text(row.base_s, format_time),
        _text(row.new_s, format_time),
        _text(row.ratio, "{:.3f}".format),
        interval(ends),
        _text(row.p_value, "{:.4f}".format),
        _text(row.detectable, _percent),
        f"failed: {row.reason or row.status}"
        if row.verdict == "failed"
        else row.verdict,
    ]


def _text(value: float, style: Any) -> str:
    return style(value) if value == value else ""


def _percent(value: float) -> str:
    return f"{100.0 * value:.3g} %"


def markdown(comparison: Comparison) -> str:
    """Return the text of a pull request: verdict, warnings, table, method."""
    worse = comparison.regressed
    limit = _percent(comparison.threshold)
    head = "Slower" if worse else "No regression"
    parts = [f"### {head} beyond {limit}", markdown_text(summary(comparison), 1000), ""]
    parts += [f"**{markdown_text(text, 1000)}**" for text in advice(comparison)]
    if comparison.differences:
        parts += ["", "Base and new differ in more than time:", ""]
        parts += _items(comparison.differences)
    if comparison.unmatched:
        parts += ["", "Not compared:", "", *_items(comparison.unmatched)]
    found = cells(comparison)
    decided = [row for row in found if row[-1] != "same"]
    parts += ["", markdown_table(TITLES, decided)] if decided else [""]
    if len(decided) < len(found):
        same = [row for row in found if row[-1] == "same"]
        title = f"<details><summary>{counted(len(same), 'case')} the same</summary>"
        parts += [title, "", markdown_table(TITLES, same), "</details>", ""]
    base, new = comparison.launches
    parts += [f"{METHOD} {base} against {new} launches.", ""]
    return "\n".join(parts)


def _items(texts: list[str]) -> list[str]:
    shown = [f"- {markdown_text(text, 300)}" for text in texts[:MOST_NAMED]]
    rest = len(texts) - len(shown)
    return [*shown, *([f"- and {rest} more"] if rest else [])]
