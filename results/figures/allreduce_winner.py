"""Winner map of an allreduce: placements x message sizes, a cell per contest.

2 nodes |  o  o  ^  ^     colour and marker: the fastest variant
1 node  |  o  o  o  //    strength: lead over the second; hatched: within the noise
        +-------------
          message size
"""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tenbin.results.figures import captions, message
from tenbin.results.figures.layout import counted, header, panels, room_in
from tenbin.results.figures.series import rows
from tenbin.results.figures.style import (
    FAINT,
    INK,
    PAPER,
    colour,
    marker,
    short,
    styled,
)
from tenbin.results.figures.told import styled_value, tell
from tenbin.results.winners import winners
from tenbin.units import format_bytes

BY = ("machine", "dtype")
MOST_PLACES, LABEL_IN = 16, 0.55
CELL_IN, ROW_IN, NARROWEST_IN = 0.19, 0.26, 2.4
WIDEST_IN, LINE_IN = 5.0, 0.17
NARROW = 36  # sizes; with more of them markers would touch
FULL_LEAD = 2.0  # times faster than the second: the strongest colour


def needs(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the rows of placements where two variants or more have a time."""
    rows = table[message.needs(table) & table["valid"]]
    keys = [rows[name] for name in (*message.BY, "message_bytes")]
    several = rows.groupby(keys)["variant"].transform("nunique") > 1
    return several.reindex(table.index, fill_value=False).astype(bool)


def points(launches: pd.DataFrame) -> pd.DataFrame:
    """Return one row per cell; those of the placements with most sizes are drawn."""
    table = winners(launches)
    table = table.assign(series=table["variant"], place=_places(table))
    sizes = (
        table["place"]
        .value_counts(sort=False)
        .sort_values(ascending=False, kind="stable")
    )
    return table.assign(shown=table["place"].isin(sizes.index[:MOST_PLACES]))


def _places(table: pd.DataFrame) -> list[str]:
    return [
        counted(row.ranks, "rank")
        + (f" on {counted(row.nodes, 'node')}" if row.nodes else "")
        for row in rows(table)
    ]


@styled
def allreduce_winner(points: pd.DataFrame) -> Figure:
    """Draw a cell for each size and placement; a key names the variants below."""
    drawn = points[points["shown"]]
    places = list(dict.fromkeys(drawn["place"]))
    sizes = sorted(set(drawn["message_bytes"]))
    width = min(max(CELL_IN * len(sizes), NARROWEST_IN), WIDEST_IN)
    tall = ROW_IN * len(places)
    key = drawn.drop_duplicates("variant").sort_values("slot")
    figure, (axes,) = panels(
        1,
        width,
        tall,
        left_in=room_in(places),
        right_in=0.3,
        bottom_in=0.62 + LINE_IN * len(key),
    )
    axes.set_title("fastest variant")
    for row in rows(drawn):
        place = (sizes.index(row.message_bytes), places.index(row.place))
        _cell(axes, row, *place, marked=len(sizes) <= NARROW)
    _finish(axes, places, sizes, int(width / LABEL_IN))
    _key(axes, key, width, tall)
    header(figure, "allreduce", points["dtype"].iloc[0], points["machine"].iloc[0])
    return figure


def _cell(axes: Axes, row: Any, x: int, y: int, *, marked: bool) -> None:
    lead = np.log(row.margin) / np.log(FULL_LEAD) if row.margin == row.margin else 0.0
    looks: dict[str, Any] = {"facecolor": colour(row.slot), "linewidth": 0.0}
    looks["alpha"] = 0.2 + 0.65 * float(np.clip(lead, 0.0, 1.0))
    if not row.decided:
        looks = {"facecolor": "none", "hatch": "/////", "edgecolor": FAINT}
        looks |= {"alpha": 0.6, "linewidth": 0.0}
    axes.add_patch(Rectangle((x - 0.46, y - 0.44), 0.92, 0.88, **looks))
    inside, edge = (INK, PAPER) if row.decided else (PAPER, INK)
    looks = {"markerfacecolor": inside, "markeredgecolor": edge, "markersize": 4.6}
    if marked:
        axes.plot([x], [y], marker(row.slot), markeredgewidth=0.6, **looks)
    tell(axes, [x], [y], [_text(row)])


def _text(row: Any) -> str:
    size, time = format_bytes(row.message_bytes), styled_value("time_s", row.time_s)
    who = f"{row.place} · {size} · {short(row.variant)} · {time}"
    if not row.second:
        return f"{who} · not paired with any other"
    behind = f"{short(row.second)} takes {row.margin:.3g} times as long"
    return f"{who} · {behind}{'' if row.decided else ', within the noise'}"


def _finish(
    axes: Axes, places: list[str], sizes: list[float], most_labels: int
) -> None:
    step = -(-len(sizes) // most_labels)
    ticks = range(0, len(sizes), step)
    axes.set_xticks(ticks, [format_bytes(sizes[i]) for i in ticks])
    axes.set_yticks(range(len(places)), places)
    axes.set_xlim(-0.5, len(sizes) - 0.5)
    axes.set_ylim(-0.5, len(places) - 0.5)
    axes.tick_params(length=0)
    axes.set_xlabel("message per rank")
    for side in axes.spines.values():
        side.set_visible(False)


def _key(axes: Axes, key: pd.DataFrame, width_in: float, tall_in: float) -> None:
    """Name the variants below the axis, one to a line, beside their markers."""
    for place, row in enumerate(rows(key)):
        y = -(0.62 + LINE_IN * place) / tall_in
        where: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
        axes.plot([0.06 / width_in], [y], marker(row.slot), color=colour(row.slot),
                  **where)  # fmt: skip
        axes.text(0.2 / width_in, y, short(row.variant), va="center", **where)


def caption(points: pd.DataFrame) -> str:
    """Return what colour, strength and hatching mean, and of how many launches."""
    undecided = int((~points["decided"]).sum())
    places, drawn = (p["place"].nunique() for p in (points, points[points["shown"]]))
    return captions.join(
        "Cell: the variant with the smallest time; the stronger the colour, the larger "
        f"its lead over the second, full at {FULL_LEAD:g} times.",
        f"Hatched: {undecided} of {len(points)} cells where some other variant is not "
        "slower by its whole interval." if undecided else "",
        captions.statistic(points).split(" Bars:")[0].replace(" (dots)", ""),
        f"Drawn: {drawn} of {places} placements, those with the most sizes."
        if drawn < places else "",
        captions.place(points),
    )  # fmt: skip
