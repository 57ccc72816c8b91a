"""The report in a real browser: silent, alone, quick; it sorts, filters, prints."""

import re
import time
from pathlib import Path

import pytest

from tenbin.results.report import write_report
from tenbin.results.store import Run
from tests.browser import CHROMIUM, DARK, browse, chromium, drive
from tests.builders import create_info, create_run
from tests.pages import HOSTILE, hostile_study, large_study

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    return write_report([create_run(folder / "run")], folder / "out")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = Run(create_info(), large_study())
    return write_report([run], tmp_path_factory.mktemp("large"))


def test_the_console_stays_silent(report: Path, tmp_path: Path) -> None:
    document, console = browse(report, tmp_path / "user")

    assert console == ""
    assert "quick · tenbin report" in document


def test_hostile_words_do_not_run(tmp_path: Path) -> None:
    run = create_run(tmp_path / "run", hostile_study(), name=HOSTILE)
    page = write_report([run], tmp_path / "out")

    document, console = browse(page, tmp_path / "user")

    assert "<title>owned" not in document
    assert console == ""


def test_sorts_and_filters_and_asks_for_nothing(report: Path, tmp_path: Path) -> None:
    answer = drive(report, tmp_path, DRIVER)

    assert answer["up"] == sorted(answer["up"])
    assert answer["down"] == sorted(answer["down"], reverse=True)
    assert answer["sort"] == "descending"
    assert answer["shown"] == 24
    assert answer["said"] == "24 of 73 rows"
    assert answer["back"] == 73
    assert answer["requests"] == []


def test_the_policy_stops_every_request(report: Path, tmp_path: Path) -> None:
    text = report.read_text(encoding="utf-8")
    page = tmp_path / "asking.html"
    asking = '<img src="http://192.0.2.1/a.png"><script>document.title="!"</script>'
    page.write_text(text.replace("</main>", f"{asking}</main>"), encoding="utf-8")

    document, console = browse(page, tmp_path / "user")

    assert "<title>!" not in document
    assert console.count("Content Security Policy") == 2


def test_keys_and_pointer_show_values(report: Path, tmp_path: Path) -> None:
    answer = drive(report, tmp_path, VALUES)

    assert answer["before"] is True
    assert answer["first"].endswith("launches")
    assert answer["second"] != answer["first"]
    assert answer["back"] == answer["first"]
    assert answer["pointed"] == answer["first"]
    assert answer["after"] is True
    assert answer["titles"] == 0


def test_has_a_dark_and_a_light_look(report: Path, tmp_path: Path) -> None:
    light = drive(report, tmp_path, LOOK)
    dark = drive(report, tmp_path, LOOK, DARK)

    assert sum(light["paper"]) > 700 > 100 > sum(dark["paper"])
    assert sum(dark["ink"]) > 600
    assert dark["line"] != light["line"]


def test_prints_its_tables_whole(report: Path, tmp_path: Path) -> None:
    pdf = tmp_path / "page.pdf"

    chromium(tmp_path / "user", f"--print-to-pdf={pdf}", report.as_uri())
    answer = drive(as_printed(report, tmp_path), tmp_path, WIDTHS, PRINT_SIZE)

    assert len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes())) >= 3
    assert answer["wide"] == []


@pytest.mark.slow
def test_20000_records_open_at_once(large: Path, tmp_path: Path) -> None:
    blank = tmp_path / "blank.html"
    blank.write_text("<!doctype html><title>blank</title>")

    def opens_s(page: Path) -> float:
        began = time.perf_counter()
        chromium(tmp_path / "user", "--dump-dom", page.as_uri())
        return time.perf_counter() - began

    opens_s(blank)  # makes the profile
    assert large.stat().st_size < 5_000_000
    assert min(opens_s(large) - opens_s(blank) for _ in range(3)) < 2.0


def as_printed(page: Path, folder: Path) -> Path:
    """Return a copy whose rules for paper hold on the screen as well."""
    text = page.read_text(encoding="utf-8").replace("@media print", "@media all")
    copy = folder / "printed.html"
    copy.write_text(text, encoding="utf-8")
    return copy


PRINT_SIZE = "--window-size=1032,700"  # A4 landscape less its margins
WIDTHS = """
const wide = [...document.querySelectorAll("table, figure")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.textContent.slice(0, 60));
document.title = JSON.stringify({ wide });
"""
LOOK = """
const rgb = (one, what) => getComputedStyle(one)[what].match(/\\d+/g).map(Number);
document.title = JSON.stringify({
  paper: rgb(document.body, "backgroundColor"),
  ink: rgb(document.body, "color"),
  line: getComputedStyle(document.querySelector("svg path[style*=series]")).stroke,
});
"""
VALUES = """
const picture = document.querySelector(".picture");
const bubble = document.querySelector(".tip");
const answer = { before: bubble.hidden };
const press = (key) => {
  picture.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  return bubble.textContent;
};
picture.focus();
answer.first = press("ArrowRight");
answer.second = press("ArrowRight");
answer.back = press("ArrowLeft");
press("Escape");
const place = picture.querySelector(".told circle").getBoundingClientRect();
const clientX = place.left + place.width / 2, clientY = place.top + place.height / 2;
bubble.textContent = "";
picture.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY }));
answer.pointed = bubble.textContent;
picture.blur();
answer.after = bubble.hidden;
answer.titles = document.querySelectorAll("svg title").length;
document.title = JSON.stringify(answer);
"""

DRIVER = """
const grid = [...document.querySelectorAll(".grid")].find(
  (one) => one.querySelector("h3").textContent.includes("allreduce"));
const headings = [...grid.querySelectorAll("th")];
const column = headings.findIndex((one) => one.textContent === "time");
const keys = () => [...grid.querySelector("tbody").rows]
  .map((row) => row.cells[column].dataset.key).filter(Boolean).map(Number);
const button = headings[column].querySelector("button");
const filter = grid.querySelector("input");
const type = (text) => {
  filter.value = text;
  filter.dispatchEvent(new Event("input"));
  return [...grid.querySelector("tbody").rows].filter((row) => !row.hidden).length;
};
button.click();
const up = keys();
button.click();
const answer = { up, down: keys(), sort: headings[column].getAttribute("aria-sort") };
answer.shown = type("LIBRARY fl");
answer.said = grid.querySelector("output").textContent;
answer.back = type("");
answer.requests = performance.getEntriesByType("resource")
  .map((one) => one.name).filter((name) => !name.startsWith("data:"));
document.title = JSON.stringify(answer);
"""
