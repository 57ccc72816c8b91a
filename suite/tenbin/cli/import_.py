"""tenbin import FILE...: what other tools measured, as a run like any other."""

from pathlib import Path

import click

from tenbin.errors import UsageError


@click.command("import", short_help="Read the outputs of other benchmarks into a run.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    metavar="RUNDIR",
    type=click.Path(path_type=Path),
    help="The run folder to make.",
)
@click.option(
    "--format",
    "form",
    default="",
    help="osu, nccl-tests, nccl-tests-json, imb, google-benchmark or csv "
    "[default: what the content is].",
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="What a column of a CSV is.",
)
@click.option(
    "--unit",
    "units",
    multiple=True,
    metavar="FIELD=UNIT",
    help="The unit of a field of a CSV, e.g. time=us, size=KiB.",
)
@click.option("--ranks", type=click.IntRange(1), help="Where the output does not say.")
@click.option("--ranks-per-node", type=click.IntRange(1), help="Likewise.")
@click.option("--kernel", default="", help="The operation, likewise.")
@click.option("--dtype", default="", help="Likewise, e.g. float32.")
@click.option("--variant", default="", help="Its name in tables [default: the tool].")
@click.option("--machine", default="", help="Where it was measured.")
def command(
    files: tuple[Path, ...], out: Path, form: str, mapping: tuple[str, ...],
    units: tuple[str, ...], ranks: int | None, ranks_per_node: int | None,
    kernel: str, dtype: str, variant: str, machine: str,
) -> int:  # fmt: skip
    """Read outputs of OSU Micro-Benchmarks, nccl-tests, Intel MPI Benchmarks, Google
    Benchmark, or any CSV.

    What a tool does not report stays empty. A file that cannot be read to the last row
    ends the command with its name and line, and nothing is written.
    """
    from tenbin.results.importers.point import Given
    from tenbin.results.importers.write import import_files

    given = Given(
        kernel, variant, dtype, ranks, ranks_per_node,
        _pairs("--map", mapping), _pairs("--unit", units),
    )  # fmt: skip
    outputs = import_files(files, out, given, form, machine)
    for path, output in zip(files, outputs, strict=True):
        version = f" {output.version}" if output.version else ""
        found = f"{len(output.records)} points of {output.tool}{version}"
        click.echo(f"{path}: {found}", err=True)
    click.echo(str(out))
    click.echo(f"next: tenbin report {out} RUN...", err=True)
    return 0


def _pairs(option: str, texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the two sides of each text; a column may hold the sign itself."""
    pairs = []
    for text in texts:
        left, sign, right = text.rpartition("=")
        if not (sign and left and right):
            raise UsageError(f"{option}: {text!r:.60}: write LEFT=RIGHT")
        pairs.append((left, right))
    return tuple(pairs)
