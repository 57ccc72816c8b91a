"""Importers: what other tools measured, as a run like any other. A new one is a line.

An importer turns one file into records; it raises UnreadableError, with file and line,
for whatever it does not know. What a tool does not report stays empty.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tenbin.errors import unknown
from tenbin.results.importers import (
    csv_map,
    google_benchmark,
    imb,
    nccl_json,
    nccl_tests,
    osu,
)
from tenbin.results.importers.point import Given, Output
from tenbin.results.importers.text import Text


@dataclass(frozen=True)
class Importer:
    """Whether a content is of a format, and what it says."""

    detect: Callable[[str], bool]
    read: Callable[[Text, Given], Output]


IMPORTERS: dict[str, Importer] = {
    "osu": Importer(osu.detect, osu.osu),
    "nccl-tests": Importer(nccl_tests.detect, nccl_tests.nccl_tests),
    "nccl-tests-json": Importer(nccl_json.detect, nccl_json.nccl_json),
    "imb": Importer(imb.detect, imb.imb),
    "google-benchmark": Importer(
        google_benchmark.detect, google_benchmark.google_benchmark
    ),
    "csv": Importer(csv_map.detect, csv_map.csv_map),
}


def read_output(text: Text, given: Given, name: str = "") -> Output:
    """Return what a file of the named format holds; by default its content tells.

    Raises UsageError for an unknown name, UnreadableError for all that is wrong.
    """
    if name and name not in IMPORTERS:
        raise unknown("format", name, IMPORTERS)
    return IMPORTERS[name or detect_format(text, given)].read(text, given)


def detect_format(text: Text, given: Given) -> str:
    """Return the one format that a content is of; a map makes it a CSV."""
    if given.mapping:
        return "csv"
    content = text.content
    found = [name for name, one in IMPORTERS.items() if one.detect(content)]
    if len(found) != 1:
        what = "of no format that is known" if not found else "of several formats"
        names = ", ".join(IMPORTERS)
        raise text.error(0, f"{what}; give --format, one of {names} (csv needs --map)")
    return found[0]
