"""Networks layer by layer: bases, speed-ups, sides of the roofline, totals."""

import pandas as pd
import pytest
from msgspec.structs import replace

from tenbin.record import Record
from tenbin.results import layers, table
from tenbin.results.figures import conv_frontier
from tenbin.results.store import Run
from tests.builders import create_info, create_samples
from tests.networks import conv_records


def spread(records: list[Record]) -> pd.DataFrame:
    return layers.spread(table.launches([Run(create_info(), records)]))


def of(frame: pd.DataFrame, variant: str) -> pd.DataFrame:
    return frame[frame["variant"] == variant]


def test_every_layer_has_a_row_for_each_series() -> None:
    found = layers.layers(spread(conv_records()))

    assert list(of(found, "auto")["layer"]) == ["C1", "C3", "C5"]
    assert list(of(found, "direct")["layer"]) == ["C1", "C3"]
    assert (found["launches"] == 3).all()


def test_speed_up_is_over_the_float32_that_users_have() -> None:
    found = layers.layers(spread(conv_records()))

    assert set(found["base"]) == {"im2col"}
    assert of(found, "auto")["speedup"].tolist() == pytest.approx([4.0] * 3, rel=0.05)
    assert (of(found, "im2col")["speedup"] == 1.0).all()


def test_torch_is_the_base_where_it_is_there() -> None:
    torch = [
        replace(record, variant="torch", case=record.case.replace("im2col", "torch"))
        for record in conv_records()
        if record.variant == "im2col"
    ]

    found = layers.layers(spread([*conv_records(), *torch]))

    assert set(found["base"]) == {"torch"}


def test_a_layer_without_float32_has_no_speed_up() -> None:
    records = [record for record in conv_records() if record.variant != "im2col"]

    found = layers.layers(spread(records))

    assert found["speedup"].isna().all()
    assert found["time_s"].notna().all()


def test_the_roofline_has_two_sides() -> None:
    records = [
        replace(r, bytes=r.flops) if r.label == "C2" else r for r in conv_records()
    ]
    found = of(layers.layers(spread(records)), "im2col")

    # 75 GFLOP/s over 18 GB/s: above 4.2 FLOP per byte it is the processor
    assert list(found["side"]) == ["compute", "compute", "memory"]


def test_a_whole_network_is_its_layers_times_their_counts() -> None:
    rows = spread(conv_records())
    rows.loc[rows["layer"] == "C3", "count"] = 5

    found = layers.layers(rows)
    total = layers.totals(found).set_index("variant")

    times = of(found, "auto").set_index("layer")["time_s"]
    expected = times["C1"] + 5 * times["C3"] + times["C5"]
    assert total.loc["auto", "time_s"] == pytest.approx(expected)
    assert total.loc["auto", "relative_l2"] == 2e-4
    assert total.loc["auto", "bias"] == -1e-6


def test_a_network_without_a_layer_has_no_total() -> None:
    total = layers.totals(layers.layers(spread(conv_records())))

    assert sorted(total["variant"]) == ["auto", "im2col"]


def test_the_frontier_is_what_nothing_beats() -> None:
    slow = [
        replace(
            record,
            variant="slow",
            case=record.case.replace("auto", "slow"),
            samples=create_samples(1.0),
        )
        for record in conv_records()
        if record.variant == "auto"
    ]

    points = conv_frontier.points(spread([*conv_records(), *slow]))

    best = points.set_index("variant")["frontier"]
    assert best.to_dict() == {"auto": True, "im2col": True, "slow": False}


def test_other_kernels_are_no_layers() -> None:
    records = [replace(record, kernel="gemm") for record in conv_records()]

    assert spread(records).empty
