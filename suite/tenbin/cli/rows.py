"""Rows of plain values as an aligned table, CSV or JSON on stdout."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

FORMS = ("table", "json", "csv")

formatted = click.option("--format", "form", type=click.Choice(FORMS), default="table")


def print_rows(rows: Sequence[Mapping[str, Any]], form: str) -> None:
    """Print rows that share their keys; only the table is for eyes alone."""
    if form == "json":
        click.echo(json.dumps(list(rows), indent=2, ensure_ascii=False))
    elif form == "csv" and rows:
        writer = csv.DictWriter(sys.stdout, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    elif form == "table" and rows:
        _print_table(rows)


def _print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    keys = list(rows[0])
    lines = [keys, *([_cell(row[key]) for key in keys] for row in rows)]
    numbers = [all(isinstance(row[k], int | float) for row in rows) for k in keys]
    widths = [max(len(line[column]) for line in lines) for column in range(len(keys))]
    for line in lines:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numbers, strict=True)
        )
        click.echo("  ".join(cells).rstrip())


def _cell(value: Any) -> str:
    text = f"{value:.2f}" if isinstance(value, float) else str(value)
    return "".join(c if c.isprintable() else " " for c in text)
