"""tenbin scaling RUN...: speed-up, efficiency, what limits, what to expect."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tenbin.cli.rows import formatted, print_rows
from tenbin.errors import UsageError

if TYPE_CHECKING:
    from tenbin.results.proposal import Scaled

COLUMNS = """
    machine kernel variant dtype label scaling ranks ranks_per_node nodes launches
    time_s low_s high_s base_ranks base_s speedup speedup_low speedup_high
    efficiency efficiency_low efficiency_high karp_flatt software note
"""


@click.command(short_help="Strong and weak scaling, ready for a proposal.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--baseline", type=click.IntRange(min=1), metavar="RANKS",
              help="Reference of every ladder [default: its smallest].")  # fmt: skip
@click.option("--proposal", type=click.Path(path_type=Path), metavar="DIR",
              help="Write paragraph, table (Markdown, LaTeX) and figures.")  # fmt: skip
@click.option("--extrapolate", type=click.IntRange(min=1), metavar="RANKS",
              help="Ask the model here [default: twice the largest].")  # fmt: skip
@click.option("--force", is_flag=True,
              help="Count oversubscribed points; extrapolate at will.")  # fmt: skip
@formatted
def command(
    runs: tuple[Path, ...],
    baseline: int | None,
    proposal: Path | None,
    extrapolate: int | None,
    force: bool,
    form: str,
) -> int:
    """Report every ladder of the runs against a named baseline.

    RUNS are run folders, or folders that hold some. What limits is fitted: Amdahl or
    Gustafson, the universal scalability law, and a model searched among a few terms.
    Exit codes: 0 done, 5 there is no ladder.
    """
    from tenbin.results import proposal as section
    from tenbin.results import scaling_text, store

    scaled = section.scale(store.load(runs), baseline, force)
    if extrapolate is not None and extrapolate > section.farthest(scaled) and not force:
        raise UsageError(
            f"--extrapolate {extrapolate}: beyond 4 times the largest measured count "
            f"({section.farthest(scaled):.0f}); --force does it all the same"
        )
    _print(scaled, form)
    for one in scaled.fitted:
        click.echo(" ".join(scaling_text.paragraph(one, extrapolate)), err=True)
    if proposal is not None:
        for path in section.write(proposal, scaled, extrapolate):
            click.echo(str(path), err=True)
    return 0


def _print(scaled: "Scaled", form: str) -> None:
    from tenbin.results import scaling_text

    if form == "table":
        titles, lines = scaling_text.TITLES, scaling_text.cells(scaled.points)
        print_rows([dict(zip(titles, line, strict=True)) for line in lines], form)
    else:
        print_rows(_values(scaled), form)


def _values(scaled: "Scaled") -> list[dict[str, Any]]:
    """Return raw values, absent ones as None."""
    frame = scaled.points[COLUMNS.split()].astype(object)
    frame = frame.where(frame.notna(), None)
    return [
        {str(name): _plain(value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value
