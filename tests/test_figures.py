"""Every figure draws every kind of data, alike each time, and hides no failure."""

import io
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from msgspec.structs import replace

from tenbin.record import Record
from tenbin.results import table
from tenbin.results.figures import FIGURES
from tenbin.results.figures.axes import log_ticks, spread
from tenbin.results.figures.series import dodged
from tenbin.results.figures.style import PALETTE, short
from tenbin.results.figures.told import told
from tenbin.results.store import Run
from tests.builders import create_info, create_record, create_study
from tests.doubts import mix_records, uncertainty_records, writers_records
from tests.networks import conv_records, inference_records, training_records
from tests.noisy import long_ladder_records

HOSTILE = "</script><b>\"'\n$\\frac{$ \u6f22\u5b57" + "x" * 10_000


def launches_of(records: list[Record]) -> pd.DataFrame:
    return table.launches([Run(create_info(), records)])


def all_failed() -> list[Record]:
    reason = {"status": "failed", "reason": "killed", "samples": None, "check": None}
    return [replace(record, **reason) for record in create_study(3)]


def one_rank() -> list[Record]:
    return [r for r in create_study(3) if r.ranks == 1 or r.message_bytes == 1024]


def wide_range() -> list[Record]:
    return [
        create_record(
            kernel="allreduce",
            variant=variant,
            ranks=4,
            label=f"{4**power}B",
            flops=None,
            bytes=None,
            message_bytes=4**power,
            time_s=1e-6 * 10 ** (power / 2),
            launch=launch,
        )
        for variant in ("library", *(f"variant {i} {HOSTILE}" for i in range(12)))
        for power in range(16)
        for launch in range(3)
    ]


def many_ladders() -> list[Record]:
    return [
        create_record(
            scaling=scaling,
            variant=f"v{number}",
            label=HOSTILE,
            ranks=ranks,
            flops=10**9 * (ranks if scaling == "weak" else 1),
            time_s=10.0 ** (number - 6),
        )
        for scaling in ("strong", "weak")
        for number in range(10)
        for ranks in (1, 3, 96, 1000)
    ]


def layers_without_accuracy() -> list[Record]:
    """Return layers, all but one of which failed before they were checked."""
    reason = {"status": "failed", "reason": "killed", "samples": None, "check": None}
    first, *others = conv_records(1)
    names = ("threads", "networks")
    return [first] + [
        replace(
            record, **reason, details={name: record.details[name] for name in names}
        )
        for record in others
    ]


DATA: dict[str, Callable[[], list[Record]]] = {
    "whole study": lambda: create_study(5),
    "one launch": lambda: create_study(1),
    "all failed": all_failed,
    "one rank": one_rank,
    "wide range": wide_range,
    "many ladders": many_ladders,
    "long ladders": lambda: long_ladder_records(3),
    "layers": lambda: conv_records(3),
    "layers without accuracy": layers_without_accuracy,
    "inference": inference_records,
    "training": training_records,
    "training with one seed": lambda: training_records(1),
    "uncertainty": uncertainty_records,
    "uncertainty with one seed": lambda: uncertainty_records(1),
    "samples over ranks": mix_records,
    "writers": writers_records,
    "writers with one seed": lambda: writers_records(1),
}


def drawn(records: list[Record]) -> Iterator[tuple[str, pd.DataFrame, Figure]]:
    rows = launches_of(records)
    for name, spec in FIGURES.items():
        for group in spec.groups(rows):
            points = spec.points(group)
            yield name, points, spec.draw(points)


def texts(figure: Figure) -> set[str]:
    return {text.get_text() for axes in figure.axes for text in axes.texts}


@pytest.mark.parametrize("name", DATA)
def test_draws_every_kind_of_data(name: str) -> None:
    count = 0
    for figure_name, points, figure in drawn(DATA[name]()):
        figure.savefig(io.BytesIO(), format="png", dpi=40)
        caption = FIGURES[figure_name].caption(points)
        assert "laptop" in caption
        assert "run-1" in caption
        count += 1
    assert count > 0


def test_a_whole_study_gives_every_figure() -> None:
    records = [*create_study(3), *long_ladder_records(3), *conv_records(3)]
    records += inference_records() + training_records() + mix_records()
    records += uncertainty_records() + writers_records()

    assert {name for name, _, _ in drawn(records)} == set(FIGURES)


def test_pictures_are_alike_each_time() -> None:
    def pictures() -> list[bytes]:
        found = []
        for _, _, figure in drawn(create_study(3)):
            file = io.BytesIO()
            figure.savefig(file, format="png", dpi=40, metadata={"Software": None})
            found.append(file.getvalue())
        return found

    assert pictures() == pictures()


def test_a_variant_has_one_colour_in_all_figures() -> None:
    colours: dict[str, set[str]] = {}
    for name, _, figure in drawn(create_study(3)):
        if name.startswith("allreduce"):
            for text in figure.axes[0].texts:
                if text.get_color() in PALETTE:
                    label = text.get_text().removesuffix(": no time")
                    colours.setdefault(label, set()).add(str(text.get_color()))

    assert set(colours) == {"library", "4x1", "2x2"}
    assert all(len(found) == 1 for found in colours.values())


def _crosses(axes: Axes) -> int:
    lines = [line for line in axes.lines if line.get_marker() == "x"]
    return sum(np.size(line.get_xdata()) for line in lines)


@pytest.mark.parametrize("name", ["allreduce_time", "allreduce_busbw", "gemm_peak"])
def test_failed_points_are_visible(name: str) -> None:
    figures = {found: figure for found, _, figure in drawn(create_study(3))}

    assert _crosses(figures[name].axes[0]) > 0


def test_oversubscribed_points_are_hollow() -> None:
    figures = {name: figure for name, _, figure in drawn(create_study(3))}

    faces = {
        line.get_markerfacecolor() for line in figures["strong_scaling"].axes[0].lines
    }

    assert "#fefefe" in faces


def test_says_what_one_launch_is_worth() -> None:
    for name, points, _ in drawn(create_study(1)):
        assert "not comparable" in FIGURES[name].caption(points)


def test_says_which_series_are_left_out() -> None:
    for name, points, figure in drawn(wide_range()):
        if name == "allreduce_winner":  # each cell shows one variant
            continue
        labels = [text for text in texts(figure) if text.startswith("variant ")]
        assert len(labels) <= 6
        assert "Drawn: 6 of 1" in FIGURES[name].caption(points)
        assert points["series"].nunique() >= 12


def test_no_style_is_set_on_import() -> None:
    import matplotlib as mpl

    assert mpl.rcParams["svg.fonttype"] == mpl.rcParamsDefault["svg.fonttype"]
    assert mpl.rcParams["text.parse_math"] is True


def test_efficiency_is_linear_from_zero() -> None:
    figures = {name: figure for name, _, figure in drawn(create_study(3))}

    assert figures["strong_scaling"].axes[2].get_ylim() == (0.0, 1.05)


def test_names_are_safe_and_short() -> None:
    assert len(short(HOSTILE)) <= 30
    assert "\n" not in short(HOSTILE)


def test_bars_of_several_series_at_one_x_stand_apart() -> None:
    assert dodged(1) == [0.0]
    assert sum(dodged(6)) == pytest.approx(0.0)
    assert min(b - a for a, b in pairwise(dodged(6))) > 1.0
    assert dodged(40)[-1] - dodged(40)[0] <= 8.0


@pytest.mark.parametrize("name", DATA)
def test_points_tell_their_values_where_they_are_drawn(name: str) -> None:
    for figure_name, _, figure in drawn(DATA[name]()):
        width, height = figure.get_size_inches() * 72.0
        found = told(figure)
        assert found or (name, figure_name) == ("all failed", "roofline")
        assert all(0.0 <= p.x <= width and 0.0 <= p.y <= height for p in found)
        assert all(len(p.text) < 250 and "\n" not in p.text for p in found)


def test_a_point_says_series_place_value_and_launches() -> None:
    figures = {name: figure for name, _, figure in drawn(create_study(5))}

    texts = [point.text for point in told(figures["allreduce_time"])]

    assert any(re.fullmatch(
        r"library · 1KiB · [\d.]+ us \([\d.]+ us to [\d.]+ us\) · 5 launches", text
    ) for text in texts)  # fmt: skip
    assert any("timeout: no answer for 120 s" in text for text in texts)


def test_superlinear_points_are_ringed_and_explained() -> None:
    records = [
        create_record(
            scaling="strong", ranks=p, time_s=1.0 / p**1.5 * (1 + 0.01 * i), launch=i
        )
        for p in (1, 2, 4)
        for i in range(6)
    ]

    _, points, figure = next(d for d in drawn(records) if d[0] == "strong_scaling")

    rings = [line for line in figure.axes[2].lines if line.get_markersize() == 10]
    assert sum(np.size(ring.get_xdata()) for ring in rings) == 2
    assert "Ringed: superlinear" in FIGURES["strong_scaling"].caption(points)


def test_more_threads_on_more_ranks_are_marked_on_the_axis() -> None:
    records = [
        create_record(scaling="strong", ranks=p, details={"threads": 4 // p})
        for p in (1, 2, 4)
    ]

    _, points, figure = next(d for d in drawn(records) if d[0] == "strong_scaling")

    assert figure.axes[0].get_xlabel() == "ranks (threads per rank differ)"
    assert "ranks are not resources" in FIGURES["strong_scaling"].caption(points)


def test_labels_are_spread_without_changing_order() -> None:
    places = spread([0.5, 0.5, 0.51, 0.9], 0.1)

    assert min(b - a for a, b in pairwise(places)) >= 0.099


@pytest.mark.parametrize("limits", [(1e-6, 1e2), (0.9, 1.1), (3.0, 3.3), (1e-9, 1e-8)])
def test_axes_have_some_but_not_many_ticks(limits: tuple[float, float]) -> None:
    assert 2 <= len(log_ticks(*limits)) <= 8
