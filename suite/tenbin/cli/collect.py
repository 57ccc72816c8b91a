"""tenbin collect: the records of all jobs as one run, or of many runs as one table."""

from pathlib import Path

import click

from tenbin.cli.campaign import find
from tenbin.errors import UsageError

FAILED, STILL_RUNNING = 1, 4
TABLE = "collected.csv"
TABLES = (".csv", ".json", ".parquet")


@click.command(short_help="Gather the records of all jobs, also while they run.")
@click.argument("places", metavar="CAMPAIGN_OR_STUDY|RUNS...", nargs=-1, required=True)
@click.option("--out", type=click.Path(path_type=Path),
              help="Of a campaign: the run folder [default: the campaign itself]. "
              "Of runs: the table, .csv, .json or .parquet "
              "[default: collected.csv in the first folder].")  # fmt: skip
def command(places: tuple[str, ...], out: Path | None) -> int:
    """Write one run folder, or one table, with each result once.

    A campaign becomes a run folder that tenbin report reads; no scheduler is asked.
    Folders of runs become one table; only new and changed runs are read again. Exit
    codes: 0 all results are there and valid, 1 some failed, 4 some are still to come,
    5 there is none.
    """
    folders = [Path(place) for place in places if _is_plain(Path(place))]
    if len(folders) == len(places):
        return _gather(folders, out or folders[0] / TABLE)
    if len(places) > 1:
        raise UsageError("one campaign at a time, or several folders of runs")
    root = find(places[0])
    if out is None or out.suffix not in TABLES:
        return _collect(root, out or root)
    code = _collect(root, root)
    return max(code, _gather([root], out))


def _is_plain(path: Path) -> bool:
    """Return whether a path is a folder of runs rather than a campaign or a study."""
    from tenbin.jobs.campaign import is_campaign

    return path.is_dir() and not is_campaign(path)


def _collect(root: Path, target: Path) -> int:
    from tenbin.jobs.campaign import load
    from tenbin.jobs.collect import collect
    from tenbin.jobs.ladder import spell_out

    counted = collect(root, spell_out(load(root)), target)
    for line in counted.sentences():
        click.echo(line, err=True)
    click.echo(
        f"records: {target / 'records.jsonl'} "
        f"({counted.valid} of {counted.expected} valid)"
    )
    click.echo(f"next: tenbin report {target}", err=True)
    if counted.missing:
        return STILL_RUNNING
    return FAILED if counted.bad else 0


def _gather(folders: list[Path], out: Path) -> int:
    from tenbin.results.gather import gather

    found = gather(folders, out)
    for line in found.sentences():
        click.echo(line, err=True)
    click.echo(
        f"table: {out} ({found.rows} results of {found.runs} runs, "
        f"{found.valid} valid; {found.read} runs read)"
    )
    return FAILED if found.valid < found.rows or found.unreadable else 0
