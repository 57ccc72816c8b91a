"""tenbin compare BASE NEW: faster, slower, same or undecided."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenbin.cli import rows
from tenbin.cli.files import check_picture

if TYPE_CHECKING:
    from tenbin.results.compare import Comparison

REGRESSED = 1
FORMS = click.Choice([*rows.FORMS, "markdown"])


@click.command(short_help="Tell whether a run is faster or slower than another.")
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--threshold", default=3.0, show_default=True, metavar="PERCENT",
              type=click.FloatRange(min=0.0),
              help="A difference that matters.")  # fmt: skip
@click.option("--figure", type=click.Path(path_type=Path),
              help="Draw the ratios: .png, .pdf or .svg.")  # fmt: skip
@click.option("--format", "form", type=FORMS, default="table")
def command(
    base: Path, new: Path, threshold: float, figure: Path | None, form: str
) -> int:
    """Compare NEW with BASE, case by case and overall, by permuting whole launches.

    BASE and NEW are run folders, or folders that hold some. What else differs between
    them (machine, software) is said. Exit codes: 0 nothing is slower beyond the
    threshold, 1 something is, or lost its time, 5 they have no case in common.
    """
    from tenbin.results import comparison_text, store
    from tenbin.results.compare import compare_runs

    check_picture(figure)
    found = compare_runs(store.load([base]), store.load([new]), threshold / 100.0)
    if form == "json":
        click.echo(json.dumps(comparison_text.document(found), indent=2))
    elif form == "markdown":
        click.echo(comparison_text.markdown(found), nl=False)
    else:
        _print(found, form)
    if figure is not None:
        _draw(found, figure)
    return REGRESSED if found.regressed else 0


def _print(found: "Comparison", form: str) -> None:
    from tenbin.results import comparison_text

    if form == "csv":
        rows.print_rows(comparison_text.values(found), form)
    else:
        lines = comparison_text.cells(found)
        titles = comparison_text.TITLES
        rows.print_rows([dict(zip(titles, line, strict=True)) for line in lines], form)
    for text in found.differences:
        click.echo(f"differs: {text}", err=True)
    for text in (*found.unmatched, comparison_text.summary(found)):
        click.echo(text, err=True)
    for text in comparison_text.advice(found):
        click.echo(text, err=True)


def _draw(found: "Comparison", path: Path) -> None:
    from tenbin.results.figures import comparison
    from tenbin.results.figures.save import save

    points = comparison.points(found.rows, found.threshold)
    save(comparison.comparison(points), path)
    click.echo(str(path), err=True)
    click.echo(comparison.caption(points), err=True)
