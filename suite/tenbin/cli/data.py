"""tenbin data: which data sets are here, and fetching others."""

from pathlib import Path

import click

from tenbin.cli.rows import formatted, print_rows

FOLDER = click.Path(path_type=Path, file_okay=False)
_DATA_DIR = click.option(
    "--data-dir", type=FOLDER, help="Instead of TENBIN_DATA or the XDG data folder."
)


@click.group(short_help="Data sets for training: list, fetch.")
def command() -> None:
    """List data sets and fetch them, on a login node: compute nodes have no network.

    \b
    tenbin data list
    tenbin data fetch mnist --data-dir shared/data
    """


@command.command("list", short_help="What is here, and what could be fetched.")
@_DATA_DIR
@formatted
def list_(data_dir: Path | None, form: str) -> int:
    """List every data set, whether it is here, and where."""
    from tenbin.kernels.training.data import DRAWN, UNPACKED, default, missing
    from tenbin.kernels.training.data.sources import SOURCES, data_folder, present

    folder = data_folder(str(data_dir or ""))
    usual = default(str(data_dir or ""))
    rows = [
        {
            "data set": name,
            "here": "yes" if present(name, folder) else "no",
            "what": source.summary,
            "default": "*" if name == usual else "",
        }
        for name, source in SOURCES.items()
    ]
    for name, characters in DRAWN.items():
        what = f"{characters} drawn from fonts, 28x28"
        mark = "*" if name == usual else ""
        rows.append({"data set": name, "here": "yes", "what": what, "default": mark})
    for name, what in UNPACKED.items():
        here = "no" if missing(name, str(data_dir or "")) else "yes"
        rows.append({"data set": name, "here": here, "what": what, "default": ""})
    print_rows(rows, form)
    click.echo(f"folder: {folder}", err=True)
    return 0


@command.command(short_help="Download, check by SHA-256, put in place.")
@click.argument("names", nargs=-1, required=True)
@_DATA_DIR
def fetch(names: tuple[str, ...], data_dir: Path | None) -> int:
    """Fetch the data sets NAMES, from the first mirror that has them whole."""
    from tenbin.kernels.training.data.fetch import fetch as fetch_one
    from tenbin.kernels.training.data.sources import data_folder
    from tenbin.progress import progress_bar

    folder = data_folder(str(data_dir or ""))
    for name in names:
        with progress_bar(name) as advance:
            count = fetch_one(name, folder, advance)
        click.echo(f"{name}: {count} files fetched to {folder / name}", err=True)
    return 0
