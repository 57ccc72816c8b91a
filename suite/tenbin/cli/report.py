"""tenbin report RUN...: from records to one page."""

from pathlib import Path

import click


@click.command(short_help="Turn runs into one HTML page with figures and tables.")
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for the page [default: the first run].",
)
def command(runs: tuple[Path, ...], out: Path | None) -> int:
    """Write report.html, and each figure as PNG, PDF, CSV and JSON beside it.

    RUNS are run folders, or folders that hold some.
    """
    from tenbin.results import store
    from tenbin.results.report import write_report

    loaded = store.load(runs)
    for run in loaded:
        for sentence in run.skipped.sentences():
            click.echo(f"{run.folder}: {sentence}", err=True)
    click.echo(str(write_report(loaded, out or runs[0])))
    return 0
