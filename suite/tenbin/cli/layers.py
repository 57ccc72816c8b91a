"""tenbin layers RUN...: networks layer by layer."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenbin.cli.rows import formatted, print_rows
from tenbin.errors import NoDataError, unknown

if TYPE_CHECKING:
    import pandas as pd

    from tenbin.results.report.write import Tables

COLUMNS = """
    machine network batch direction cold ranks threads layer count variant dtype layout
    algorithm why launches time_s base base_s speedup flop_per_s peak_share side
    relative_l2 bias excess pack_s flops flops_unpadded bytes label status reason
    precision accumulate dataset images image_s top1 top1_change changed_answers
"""


@click.command(short_help="Networks layer by layer: time, speed-up, error.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--network", default="", help="Only this one, e.g. resnet-50.")
@formatted
def command(runs: tuple[Path, ...], network: str, form: str) -> int:
    """Print the convolutions of every network, and the whole network last.

    A trained net that was weighed follows, with what each precision does to its top-1.

    RUNS are run folders, or folders that hold some. Speed-ups are over the fastest
    float32 of torch, or of im2col without torch. Error, bias and excess are against
    float64. Exit codes: 0 done, 5 there is no network.
    """
    from tenbin.results import answers, layers, store, table

    launches = table.launches(store.load(runs))
    makers = layers.networks, answers.tables
    found = [(make, *told) for make in makers for told in make(launches)]
    if not found:
        raise NoDataError("no network was weighed; try tenbin run half-precision")
    names = sorted({frame["network"].iloc[0] for _, _, frame in found})
    if network and network not in names:
        raise unknown("network in these runs", network, names)
    chosen = [one for one in found if network in ("", one[2]["network"].iloc[0])]
    if form == "table":
        _print_tables(chosen)
    else:
        print_rows([row for *_, frame in chosen for row in _values(frame)], form)
    return 0


def _print_tables(found: Sequence[tuple["Tables", str, "pd.DataFrame"]]) -> None:
    from tenbin.results.report.grid import grid
    from tenbin.results.report.write import TABLES

    for make, title, frame in found:
        click.echo(f"{title}\n")
        table = grid(title, frame, TABLES[make])
        titles = [name for name, _ in table.titles]
        cells = ([cell.text for cell in line] for line in table.body)
        print_rows([dict(zip(titles, c, strict=True)) for c in cells], "table")
        click.echo()


def _values(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Return raw values, absent ones as None."""
    plain = frame.reindex(columns=COLUMNS.split()).astype(object)
    plain = plain.where(plain.notna(), None)
    return [
        {str(name): value.item() if hasattr(value, "item") else value
         for name, value in row.items()}
        for row in plain.to_dict("records")
    ]  # fmt: skip
