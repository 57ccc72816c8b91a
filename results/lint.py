"""Twelve rules for honest benchmark reports, checked by code.

The rules are those of Hoefler and Belli (2015), "Scientific benchmarking of parallel
computing systems". A check sees what was drawn or tabulated, never how; columns that
are not there are not checked. Each finding names its rule.
"""

from dataclasses import dataclass, replace

from tenbin.results.rules import CHECKS
from tenbin.results.subject import Subject

RULES: dict[int, str] = {
    1: "a speed-up states its base",
    2: "a subset states its reason, failures included",
    3: "costs and rates are averaged as such",
    4: "ratios come with the costs they are made of",
    5: "what varies has an interval",
    6: "no normal distribution is assumed",
    7: "comparisons are sound",
    8: "the spread is looked at",
    9: "what varied besides is told",
    10: "parallel time is defined",
    11: "bounds are shown",
    12: "lines join only what may be interpolated",
}


@dataclass(frozen=True)
class Finding:
    """A rule that is not kept, and how, in one sentence."""

    rule: int
    sentence: str


def lint(subject: Subject) -> list[Finding]:
    """Return what breaks a rule, in the order of the rules; curves are no points."""
    points = subject.points
    if "modelled" in points:
        points = points[~points["modelled"].astype(bool)]
        subject = replace(subject, points=points)
    if points.empty:
        return []
    return [Finding(rule, text) for rule, check in CHECKS for text in check(subject)]


def summary(found: list[list[Finding]]) -> str:
    """Return over all figures which rules are not kept, and in how many."""
    counts = {
        rule: sum(any(one.rule == rule for one in part) for part in found)
        for rule in RULES
    }
    broken = [
        f"rule {rule}, {RULES[rule]}: {count}"
        for rule, count in counts.items()
        if count
    ]
    total = f"{len(found)} {'figure' if len(found) == 1 else 'figures'}"
    if not broken:
        return f"All twelve are kept by {total}, as far as code can tell."
    return (
        f"Of {total}, this many have a remark, printed below them. "
        f"{'; '.join(broken)}. The other rules are kept, as far as code can tell."
    )
