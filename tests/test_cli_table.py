"""What `tenbin bench` prints of a record for programs."""

import json

import pytest
from msgspec.structs import replace

from tenbin.case import Case
from tenbin.cli.table import Printer
from tenbin.record import Record
from tests.builders import create_samples
from tests.convolutions import SQUARE, case
from tests.networks import conv_records


def printed(record: Record, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    def refused(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    wanted: Case = case(SQUARE)
    printer = Printer("json")
    printer.line(wanted, record)
    printer.end()
    (row,) = json.loads(capsys.readouterr().out, parse_constant=refused)
    return dict(row)


def test_a_convolution_tells_its_flops_with_and_without_padding(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = conv_records(1)[0]
    flops = record.flops or 0
    details = {**record.details, "flops_unpadded": flops - 7}

    row = printed(replace(record, details=details), capsys)

    assert row["flops"] == flops
    assert row["flops_unpadded"] == flops - 7


def test_what_is_not_a_number_is_null(capsys: pytest.CaptureFixture[str]) -> None:
    record = conv_records(1)[0]
    samples = create_samples(1e-3)
    nowhere = replace(
        samples, entry_ns=samples.entry_ns[:1], exit_ns=samples.exit_ns[:1]
    )

    row = printed(replace(record, samples=nowhere), capsys)

    assert row["median_s"] is not None
    assert row["half_width"] is None
