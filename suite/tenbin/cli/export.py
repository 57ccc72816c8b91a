"""tenbin export RUN...: the results for other tools."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenbin.errors import NoDataError, UsageError

if TYPE_CHECKING:
    from tenbin.results.store import Run


@click.command(short_help="Write results as a table, or for Extra-P.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json", "parquet"]),
    help="A row per launch.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The file of the table [default: stdout].",
)
@click.option(
    "--extrap",
    "extrap_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="JSON Lines for Extra-P.",
)
@click.option("--parameter", default="ranks", show_default=True,
              type=click.Choice(["ranks", "nodes", "message_bytes"]),
              help="What the series of Extra-P are over.")  # fmt: skip
def command(
    runs: tuple[Path, ...], form: str | None, out: Path | None,
    extrap_file: Path | None, parameter: str,
) -> int:  # fmt: skip
    """Write a tidy table of all launches, or series over ranks for Extra-P, or both."""
    from tenbin.results import store

    if form is None and extrap_file is None:
        raise UsageError("say what: --format csv, json or parquet, or --extrap FILE")
    loaded = store.load(runs)
    for run in loaded:
        for sentence in run.skipped.sentences():
            click.echo(f"{run.folder}: {sentence}", err=True)
    if form is not None:
        _table(loaded, form, out)
    if extrap_file is not None:
        _extrap(loaded, extrap_file, parameter)
    return 0


def _table(loaded: "list[Run]", form: str, out: Path | None) -> None:
    from tenbin.results.export import tidy_rows
    from tenbin.results.table import COLUMNS
    from tenbin.results.tidy import write_stream, write_table

    rows = tidy_rows(loaded)
    if out is not None:
        write_table(out, form, COLUMNS, rows)
        click.echo(str(out))
    elif form == "parquet":
        raise UsageError("Parquet is not for a terminal: give --out FILE")
    else:
        write_stream(sys.stdout.buffer, form, COLUMNS, rows)


def _extrap(loaded: "list[Run]", path: Path, parameter: str) -> None:
    from tenbin.results.export import FEWEST, extrap

    found = extrap(loaded, parameter)
    if not found.lines:
        raise NoDataError(f"no time over {parameter} to export")
    path.write_text("\n".join(found.lines) + "\n", encoding="utf-8")
    click.echo(str(path))
    if found.failed:
        click.echo(f"{found.failed} results without a time left out", err=True)
    if found.short:
        click.echo(
            f"{found.short} of {found.series} series have fewer than {FEWEST} values "
            f"of {parameter}: too few for Extra-P",
            err=True,
        )
