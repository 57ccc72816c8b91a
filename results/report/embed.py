"""A figure as files beside the page, and as text inside it."""

import base64
import html
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from tenbin.results.figures.spec import FigureSpec
from tenbin.results.figures.style import FAINT, INK, PALETTE, PAPER, styled
from tenbin.results.figures.told import Told, told
from tenbin.results.lint import Finding, lint
from tenbin.results.subject import Facts, Subject

PNG_DPI = 160
LARGEST_SVG, LARGEST_CSV = 400_000, 60_000  # bytes within the page
PAGE_COLOURS = {
    INK: "var(--ink)",
    FAINT: "var(--faint)",
    PAPER: "var(--paper)",
    **{colour: f"var(--series-{i})" for i, colour in enumerate(PALETTE)},
}
LISTS = ("launch_s", "launch_ratio", "busbw_launch")
HIDDEN = ["slot", "peak_flop_per_s", "read_byte_per_s"]  # repeated on every row


@dataclass(frozen=True)
class Embedded:
    """One figure as the page shows it; `name` is that of its files.

    A figure of very many points is a PNG in the page; data too large for the page are
    only beside it, and `csv` is empty.
    """

    name: str
    title: str
    caption: str
    svg: str
    png: str
    width_in: float
    csv: str
    findings: list[Finding]


def embed(
    name: str, spec: FigureSpec, rows: pd.DataFrame, folder: Path, runs: Facts
) -> Embedded:
    """Draw one figure; write PNG, PDF, CSV and JSON; return what the page holds."""
    points = spec.points(rows)
    caption = spec.caption(points)
    figure = spec.draw(points)
    findings = lint(Subject(points, caption, figure, runs))
    data = plain(points)
    data.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    _write_json(folder / f"{name}.json", spec.title, caption, findings, data)
    svg = _save(figure, folder / name)
    shown = data[points["shown"].to_numpy()] if "shown" in points else data
    csv = shown.to_csv(index=False, lineterminator="\n")
    width = float(figure.get_size_inches()[0])
    svg, csv_link = with_told(page_svg(svg, name), told(figure)), ""
    if len(csv) <= LARGEST_CSV:
        csv_link = data_link("text/csv", csv.encode())
    png = ""
    if len(svg) > LARGEST_SVG:
        png = data_link("image/png", (folder / f"{name}.png").read_bytes())
        svg = ""
    return Embedded(name, spec.title, caption, svg, png, width, csv_link, findings)


def data_link(kind: str, content: bytes) -> str:
    """Return content as a link that works without any other file."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def plain(points: pd.DataFrame) -> pd.DataFrame:
    """Return the points as numbers and text; values of launches between spaces."""
    data = points.drop(columns=HIDDEN, errors="ignore")
    for column in LISTS:
        if column in data:
            data[column] = [_joined(value) for value in data[column]]
    return data


def _joined(values: object) -> str:
    return " ".join(f"{v:.9g}" for v in values) if isinstance(values, tuple) else ""


def _write_json(
    path: Path, title: str, caption: str, findings: list[Finding], data: pd.DataFrame
) -> None:
    rows = json.loads(data.to_json(orient="records", double_precision=15))
    remarks = [{"rule": one.rule, "sentence": one.sentence} for one in findings]
    content = {"title": title, "caption": caption, "remarks": remarks, "rows": rows}
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_bytes(text.encode(errors="replace") + b"\n")


@styled
def _save(figure: Figure, path: Path) -> str:
    """Write PNG and PDF without a date; return the SVG."""
    with mpl.rc_context({"svg.hashsalt": path.name}):
        png = {"Software": None}
        figure.savefig(path.with_suffix(".png"), dpi=PNG_DPI, metadata=png)
        pdf = {"CreationDate": None, "Producer": None, "Creator": None}
        figure.savefig(path.with_suffix(".pdf"), metadata=pdf)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


def with_told(svg: str, points: list[Told]) -> str:
    """Return an SVG with a place for each point that has a text, over the picture."""
    if not points:
        return svg
    circles = "\n".join(
        f'<circle cx="{point.x:.1f}" cy="{point.y:.1f}" r="5">'
        f"<title>{html.escape(point.text)}</title></circle>"
        for point in points
    )
    end = svg.rindex("</svg>")
    return f'{svg[:end]}<g class="told">\n{circles}\n</g>\n{svg[end:]}'


def page_svg(svg: str, name: str) -> str:
    """Return an SVG fit for a page: no prologue, ids of its own, the page's ink.

    Only markup is touched: within text, `<` and quotes are escaped.
    """
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.S)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'(\bid="|href="#|url\(#)(?=[mph][0-9a-f])', rf"\g<1>{name}-", svg)
    svg = re.sub(
        r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1">', svg, count=1
    )
    for ink, variable in PAGE_COLOURS.items():
        svg = re.sub(rf"(: ){ink}\b", rf"\g<1>{variable}", svg)
    return re.sub(r"\n\s*", "\n", svg)
