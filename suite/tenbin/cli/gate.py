"""tenbin gate RUN BOUNDS: passed or failed, against a file of bounds."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenbin.cli.rows import formatted, print_rows

if TYPE_CHECKING:
    from tenbin.results.gate import Judged

FAILED = 1


@click.command(short_help="Hold a run against a file of expected bounds.")
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("bounds", type=click.Path(path_type=Path), metavar="BOUNDS.toml")
@click.option("--strict", is_flag=True, help="Undecided is failed too.")
@formatted
def command(run: Path, bounds: Path, strict: bool, form: str) -> int:
    """Judge each case of RUN that a bound names; the last column says by what method.

    \b
    [[bound]]
    case = "gemm/numpy/float32/*"       # case keys; * and ? stand for others
    metric = "flop_per_s"
    at_least = 50e9                     # and, or instead, at_most
    method = "interval"                 # or "median"

    Exit codes: 0 no bound is broken, 1 one is, or has no case or no time, 5 no data.
    """
    from tenbin.results import store
    from tenbin.results.gate import METHODS, gate, read_bounds

    asked = read_bounds(bounds)
    found = gate(store.load([run]), asked)
    print_rows([_row(one, form) for one in found], form)
    counts = Counter(one.verdict for one in found)
    told = ", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items()))
    click.echo(f"{told}", err=True)
    for method in sorted({one.bound.method for one in found}):
        click.echo(f"{method}: {METHODS[method]}", err=True)
    broken = {"failed", "missing", *(["undecided"] if strict else [])}
    return FAILED if broken & set(counts) else 0


def _row(one: "Judged", form: str) -> dict[str, Any]:
    number = _number if form != "table" else _text
    return {
        "verdict": one.verdict,
        "case": one.case,
        "bound": one.bound.text,
        "value": number(one.value),
        "low": number(one.low),
        "high": number(one.high),
        "method": one.bound.method,
        "reason": one.reason,
    }


def _number(value: float) -> float | None:
    return None if value != value else value


def _text(value: float) -> str:
    return "" if value != value else f"{value:.4g}"
