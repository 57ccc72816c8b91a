"""Samples of the weights or parts of the batch over the ranks: time and efficiency."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tenbin.results import training
from tenbin.results.concluded import setting
from tenbin.results.figures import captions
from tenbin.results.figures.axes import end_labels, grid, log2_x, log_y, time_label
from tenbin.results.figures.layout import panels, room_in
from tenbin.results.figures.series import (
    Series,
    draw_line,
    ends,
    mark_shown,
    shown_series,
)
from tenbin.results.figures.style import FAINT, styled
from tenbin.results.figures.training import ladders, title
from tenbin.results.training import TASK

BY = (*TASK, "dtype", "variant", "batch", "draws")
MIXES = ("by parts of the batch", "by samples", "by both")


def needs(table: pd.DataFrame) -> "pd.Series[bool]":
    """Mark the ladders of methods that draw samples of the weights."""
    draws = table["problem"].str.contains(r'"settings": "[^"]*samples=', na=False)
    return ladders(table) & (table["scaling"] == "strong") & draws


def spread(launches: pd.DataFrame) -> pd.DataFrame:
    """Return the epochs of the runs, with their `draws` and their `mix`.

    One rank alone is the first point of every mix.
    """
    rows = training.epochs(launches)
    asked = rows["settings"]
    rows["draws"] = [int(setting(text, "samples", "1")) for text in asked]
    groups = [int(setting(text, "mc_groups", "1")) for text in asked]
    rows["mix"] = [_mix(*pair) for pair in zip(groups, rows["ranks"], strict=True)]
    alone = rows[rows["ranks"] == 1]
    others = [alone.assign(mix=mix) for mix in MIXES[1:] if mix in set(rows["mix"])]
    return pd.concat([rows, *others], ignore_index=True)


def _mix(groups: int, ranks: int) -> str:
    if groups == 1:
        return MIXES[0]
    return MIXES[1] if groups == ranks else MIXES[2]


def points(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per mix and rank count, `efficiency` over the fewest ranks."""
    table = training.over(rows, ["mix", "ranks"], ["sweep_s"])
    table = table.sort_values("ranks", ignore_index=True)
    table["slot"] = [MIXES.index(mix) for mix in table["mix"]]
    first = table.iloc[0]
    work = first["sweep_s"] * first["ranks"]
    for end, other in (("", ""), ("_low", "_high"), ("_high", "_low")):
        table[f"efficiency{end}"] = work / (table[f"sweep_s{other}"] * table["ranks"])
    return mark_shown(table.assign(time_s=table["sweep_s"]), ["mix"])


@styled
def uncertainty_mix(points: pd.DataFrame) -> Figure:
    """Draw the time of an epoch and the efficiency, a line per mix."""
    series = shown_series(points)
    figure, (time, gain) = panels(
        2, 2.1, 2.1, right_in=room_in(one.label for one in series)
    )
    for one in series:
        for axes, name in ((time, "sweep_s"), (gain, "efficiency")):
            bars = (f"{name}_low", f"{name}_high")
            draw_line(axes, one, "ranks", name, interval=bars)
    log_y(time, points["time_s"], time_label)
    time.set_title("time of an epoch")
    _finish(gain, series)
    for axes in (time, gain):
        log2_x(axes, [float(count) for count in points["ranks"]])
        axes.set_xlabel("ranks")
        grid(axes)
    end_labels(gain, ends(series, "ranks", "efficiency"))
    title(figure, points.assign(placement=""))
    return figure


def _finish(axes: Axes, series: list[Series]) -> None:
    top = float(np.nanmax([one.points["efficiency"].max() for one in series]))
    axes.axhline(1.0, color=FAINT, linewidth=0.7, zorder=1)
    axes.set_ylim(0.0, max(1.05, 1.05 * top))
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_title("efficiency")


def caption(points: pd.DataFrame) -> str:
    """Return what is shared how."""
    first = points.iloc[0]
    return captions.join(
        f"The same step, batch {first['batch']} and {first['draws']} samples of the "
        "weights, shared by more ranks: each takes part of the batch under all "
        "samples, or the batch under part of the samples. Medians of epochs. Grey: "
        "ideal.",
        captions.marks(points.assign(imported="")),
        captions.place(points),
    )
