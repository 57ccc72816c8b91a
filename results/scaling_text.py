"""A ladder in words: what it reaches, what limits it, what to expect beyond."""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from tenbin.results.figures.captions import brief
from tenbin.results.figures.layout import counted
from tenbin.results.figures.series import rows
from tenbin.results.fits import Fitted, usable
from tenbin.results.laws import Fit
from tenbin.results.model import FARTHEST, Model
from tenbin.units import format_time

TITLES = (
    *("kernel", "variant", "problem", "scaling", "ranks", "nodes", "launches", "time"),
    *("speed-up", "efficiency", "95 % interval", "serial fraction", "note"),
)
GOOD = 0.5  # an efficiency that is worth its ranks
GROWS = 1.5  # of the Karp-Flatt fraction, from first to last, before it is news


def cells(points: pd.DataFrame) -> list[list[str]]:
    """Return one line of text per point of the ladders."""
    return [_cells(row) for row in rows(points)]


def _cells(row: Any) -> list[str]:
    known = row.efficiency_low == row.efficiency_low
    band = f"{_percent(row.efficiency_low)} to {_percent(row.efficiency_high)}"
    return [
        *(row.kernel, row.variant, row.label, row.scaling),
        *(f"{row.ranks:.0f}", f"{row.nodes:.0f}", f"{row.launches:.0f}"),
        _text(row.time_s, format_time),
        _text(row.speedup, "{:.2f}".format),
        _text(row.efficiency, _percent),
        band if known else "",
        _text(row.karp_flatt, "{:.3f}".format),
        row.note,
    ]


def _text(value: float, style: Any) -> str:
    return style(value) if value == value else ""


def _percent(value: float) -> str:
    return f"{100.0 * value:.1f} %"


def paragraph(one: Fitted, ranks: float | None = None) -> list[str]:
    """Return the sentences on one ladder; `ranks` is how far to extrapolate."""
    good = one.points[usable(one.points)]
    return [
        *_reach(one, good),
        *_limits(one, good),
        *_beyond(one, good, ranks),
        *_marked(one.points),
    ]


def _reach(one: Fitted, good: pd.DataFrame) -> Iterator[str]:
    first = next(rows(one.points))
    name = brief(f"{first.kernel} {first.variant} {first.label} ({first.dtype})")
    what = "The problem is fixed" if one.scaling == "strong" else (
        "The problem grows with the ranks")  # fmt: skip
    yield f"{one.scaling.capitalize()} scaling of {name}. {what}."
    if good.empty:
        yield "No point of this ladder gives an efficiency."
        return
    last = list(rows(good))[-1]
    gain = "speed-up" if one.scaling == "strong" else "throughput"
    fewest, most = int(good["launches"].min()), int(good["launches"].max())
    span = f"{fewest}" if fewest == most else f"{fewest} to {most}"
    band = "without an interval (fewer than 3 launches)"
    if last.efficiency_low == last.efficiency_low:
        ends = f"{_percent(last.efficiency_low)} to {_percent(last.efficiency_high)}"
        band = f"95 % interval {ends}"
    yield (
        f"Relative to the reference ({last.baseline}), {counted(last.ranks, 'rank')} "
        f"on {counted(last.nodes, 'node')} reach a {gain} of {last.speedup:.2f}, an "
        f"efficiency of {_percent(last.efficiency)} ({band}; {span} launches a point)."
    )
    worth = good[good["efficiency"] >= GOOD]
    if len(worth) < len(good) and len(worth):
        most = int(worth["ranks"].max())
        yield f"Efficiency is {_percent(GOOD)} or more up to {most} ranks."


def _limits(one: Fitted, good: pd.DataFrame) -> Iterator[str]:
    serial = good["karp_flatt"].dropna().tolist()
    if len(serial) >= 2 and min(serial) > 0.0:
        change = f"from {serial[0]:.3g} to {serial[-1]:.3g}"
        what = f"stays ({change}): a serial part limits"
        if serial[-1] > GROWS * serial[0]:
            what = f"grows {change}: overhead limits"
        elif serial[-1] < serial[0] / GROWS:
            what = f"falls {change}: a cost of the first steps, or of the reference"
        yield f"The Karp-Flatt serial fraction {what}."
    for name, title in (("amdahl", "Amdahl"), ("gustafson", "Gustafson")):
        if name in one.laws:
            text, error = _parameter(one.laws[name], "serial"), _error(one.laws[name])
            yield f"{title}: serial fraction {text}, fit within {error}."
    if "usl" in one.laws:
        yield _universal(one.laws["usl"])


def _universal(law: Fit) -> str:
    told = ", ".join(
        f"{word} {_parameter(law, name)}"
        for name, word in (("sigma", "contention"), ("kappa", "coherency"))
    )
    text = f"Universal scalability law: {told}, fit within {_error(law)}"
    _, surely, _ = law.parameters["kappa"]
    if surely > 0.0 and math.isfinite(law.peak_ranks):
        text += f"; it turns back at {law.peak_ranks:.0f} ranks"
    return f"{text}."


def _parameter(law: Fit, name: str) -> str:
    value, low, high = law.parameters[name]
    return f"{value:.3g}" + (f" [{low:.3g}, {high:.3g}]" if low == low else "")


def _error(law: Fit) -> str:
    return f"{100.0 * law.error:.1f} %"


def _beyond(one: Fitted, good: pd.DataFrame, ranks: float | None) -> Iterator[str]:
    if one.model is None:
        if one.refused:
            yield f"{one.refused[0].upper()}{one.refused[1:]}."
        return
    found: Model = one.model
    yield (
        f"Model over p ranks: t = {found.formula} (error of left-out points "
        f"{100.0 * found.error:.1f} %, adjusted R2 {found.r2:.3f})."
    )
    if found.warning:
        yield f"{found.warning[0].upper()}{found.warning[1:]}."
    asked = ranks if ranks is not None else 2.0 * max(found.ranks)
    low, high = found.band([asked])
    time = float(found.predict([asked])[0])
    ends = f"{format_time(float(low[0]))} to {format_time(float(high[0]))}"
    far = asked > FARTHEST * max(found.ranks)
    yield (
        f"At {asked:.0f} ranks it expects {format_time(time)} (95 % band {ends}, "
        f"extrapolated from {max(found.ranks)} ranks"
        f"{': too far to be relied on' if far else ''})."
    )


def _marked(points: pd.DataFrame) -> Iterator[str]:
    """Explain the marked points, alike ones together."""
    noted = points[(points["note"] != "") & (points["note"] != "reference")]
    for note, part in noted.groupby("note", sort=False):
        counts = ", ".join(str(count) for count in part["ranks"])
        yield f"Marked at {counts} ranks: {note}{_meaning(str(note))}."


def _meaning(note: str) -> str:
    meanings = {
        "superlinear": " (more than ideal: often the share of a rank fits in cache, or "
        "the reference is slow)",
        "oversubscribed": " (more ranks than cores)",
        "mixed software": " (what is compared is not the ranks alone)",
    }
    return next((text for word, text in meanings.items() if word in note), "")
