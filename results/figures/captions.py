"""Sentences under a figure: where it was measured, of how many, what the bars are."""

import pandas as pd

from tenbin.results import intervals
from tenbin.results.figures.series import MOST_SERIES, RULE

INTERVAL = "order-statistic interval over launches ({level} coverage)"
LONGEST = 80  # characters of a name in a sentence
MANY = 4  # names spelt out before the rest is counted


def listed(names: list[str], most: int = MANY) -> str:
    """Return names between commas; beyond `most` the rest is counted.

    >>> listed(["a", "b", "c"], most=1)
    'a and 2 more'
    """
    shown = ", ".join(brief(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def brief(name: str) -> str:
    """Return a name that does not break a sentence.

    >>> brief("two  words"), len(brief("x" * 1000))
    ('two words', 80)
    """
    line = " ".join(name[: 2 * LONGEST].split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def place(points: pd.DataFrame) -> str:
    """Return machine and runs."""
    runs = sorted(set(" ".join(points["runs"]).split()))
    noun = "run" if len(runs) == 1 else "runs"
    return f"Machine {listed(sorted(set(points['machine'])))}; {noun} {listed(runs)}."


def statistic(points: pd.DataFrame, bars: str = INTERVAL) -> str:
    """Return what a marker, a dot and a bar stand for, with their numbers."""
    measured = points[points["time_s"].notna() & (points["imported"] == "")]
    if measured.empty and points["time_s"].notna().any():
        return "Nothing here was measured by tenbin: no dots, no bars."
    if measured.empty:
        return "Nothing could be measured."
    counts = f"Median of {_range(measured['launches'], 'launch', 'launches')}"
    counts += f" (dots), each the median of {_range(measured['samples'], *_REPS)}."
    fewest = int(measured["launches"].min())
    if fewest < intervals.FEWEST:
        return f"{counts} Without 3 launches there is no interval: not comparable."
    level = f"at least {100 * measured['interval_level'].min():.0f} %"
    return f"{counts} Bars: {bars.format(level=level)}."


_REPS = ("repetition", "repetitions")


def _range(values: "pd.Series[float]", one: str, many: str) -> str:
    low, high = int(values.min()), int(values.max())
    noun = one if high == 1 else many
    return f"{low} {noun}" if low == high else f"{low} to {high} {noun}"


def marks(points: pd.DataFrame) -> str:
    """Return what the special marks mean, as far as they occur."""
    drawn = points[points["shown"]] if "shown" in points else points
    sentences = []
    if drawn["time_s"].isna().any():
        sentences.append("Crosses on the axis: failed or wrong, no time.")
    if drawn["oversubscribed"].any():
        sentences.append("Hollow: more ranks than cores.")
    sources = sorted(set(drawn["imported"]) - {""})
    if sources:
        told = "; ".join(brief(source) for source in sources[:MANY])
        sentences.append(f"Hollow: imported, not measured by tenbin ({told}).")
    return " ".join(sentences)


def left_out(points: pd.DataFrame, most: int = MOST_SERIES) -> str:
    """Return how many series are in the data only, and by which rule."""
    total = points["series"].nunique()
    if total <= most:
        return ""
    return f"Drawn: {most} of {total} series ({RULE}); all are in the data."


def join(*sentences: str) -> str:
    """Return the sentences that say something, as one paragraph."""
    return " ".join(sentence for sentence in sentences if sentence)
