"""tenbin bench KERNEL: one kernel now, here or on the ranks of mpiexec."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from tenbin.case import Case
from tenbin.cli.rows import FORMS
from tenbin.cli.table import Printer
from tenbin.errors import UsageError
from tenbin.jobs.environment import launcher_variable
from tenbin.kernel import Kernel
from tenbin.kernels import KERNELS, load
from tenbin.leftovers import share_nothing
from tenbin.progress import progress_bar
from tenbin.record import Record

FAILED = 1
LISTED = "One value, or several between commas."
PAIRS = "KEY=VALUE, KEY=VALUE; several between semicolons. Keys: tenbin list."
FOLDER = click.Path(path_type=Path, file_okay=False)


class Kernels(click.Group):
    """One subcommand per kernel, made from its table when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the kernels."""
        return list(KERNELS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Build the command of a kernel."""
        return _command(load(name)) if name in KERNELS else None


@click.group(
    cls=Kernels, short_help="Weigh one kernel now; also under mpiexec or srun."
)
def command() -> None:
    """Weigh one kernel and print one line per case, with its check.

    \b
    tenbin bench gemm --preset laptop
    mpiexec -n 4 tenbin bench allreduce --sizes 1KiB:64MiB --algorithm library,flat,2x2
    """


def _command(kernel: Kernel) -> click.Command:
    presets, variants = ", ".join(kernel.presets), ", ".join(kernel.variants)
    options = [
        *(_axis(field) for field in kernel.axes.__struct_fields__),
        click.Option(["--preset"], help=f"Named problems: {presets}."),
        click.Option(["--variant", "--algorithm"], help=f"Any of: {variants}."),
        click.Option(["--dtype"], help=f"Any of: {', '.join(kernel.dtypes)}."),
        click.Option(["--scaling"], help=f"Any of: {', '.join(kernel.scalings)}."),
        click.Option(["--ranks"], type=int, help="Start this many ranks of its own."),
        click.Option(
            ["--ranks-per-node"], type=int, help="Emulate nodes of this size."
        ),
        click.Option(["--threads"], type=int, help="Threads per rank."),
        click.Option(["--launches"], type=int, default=1, help="Start the ranks anew."),
        click.Option(["--budget"], type=float, default=1.0, help="Seconds per case."),
        click.Option(["--precision"], type=float, default=0.02, help="Of the median."),
        click.Option(["--start"], type=click.Choice(["auto", "window", "barrier"])),
        click.Option(["--data-dir"], type=FOLDER, help="Data sets, else TENBIN_DATA."),
        click.Option(["--checkpoints"], type=FOLDER, help="Long cases go on there."),
        click.Option(["--hot"], is_flag=True, help="Keep buffers in the cache."),
        click.Option(["--out"], type=click.Path(path_type=Path), help="Keep records."),
        click.Option(["--format", "form"], type=click.Choice(FORMS), default="table"),
    ]

    def run(**given: Any) -> int:
        if given["ranks"] is None and given["launches"] == 1:
            return _bench_here(kernel, given)
        return _bench_with_own_ranks(kernel, given)

    return click.Command(
        kernel.name, params=list(options), callback=run, help=kernel.summary
    )


def _axis(field: str) -> click.Option:
    name = field.replace("_", "-")
    names = [f"-{name}"] if len(name) == 1 else [f"--{name}"]
    if field == "sizes":
        names.append("-s")
    return click.Option(names, help=PAIRS if field == "settings" else LISTED)


def _bench_here(kernel: Kernel, given: Mapping[str, Any]) -> int:
    if not launcher_variable():
        share_nothing()
    from mpi4py import MPI

    from tenbin.bench import make_study, weigh_here
    from tenbin.expand import expand
    from tenbin.topology import discover

    topology = discover(MPI.COMM_WORLD, given["ranks_per_node"])
    placed = {**given, "ranks_per_node": topology.ranks_per_node}
    study = make_study(kernel, placed, topology.size)
    expansion = expand(study)
    records = weigh_here(study, expansion, kernel, topology, given["out"])
    if topology.rank != 0:
        return _print_all(records, None)
    printer = Printer(given["form"])
    for line in expansion.skipped:
        click.echo(line, err=True)
    return _print_all(records, printer)


def _bench_with_own_ranks(kernel: Kernel, given: Mapping[str, Any]) -> int:
    from tenbin.bench import make_study, weigh_with_own_ranks
    from tenbin.expand import expand

    inside = launcher_variable()
    if inside:
        raise UsageError(f"--ranks and --launches start ranks, but {inside} is set")
    study = make_study(kernel, given, given["ranks"] or 1)
    expansion = expand(study)
    printer = Printer(given["form"])
    for line in expansion.skipped:
        click.echo(line, err=True)
    with progress_bar("bench") as advance:
        records = list(weigh_with_own_ranks(study, expansion, given["out"], advance))
    return _print_all(records, printer)


def _print_all(records: Iterable[tuple[Case, Record]], printer: Printer | None) -> int:
    bad = 0
    for case, record in records:
        bad += record.status != "ok"
        if printer is not None:
            printer.line(case, record)
    if printer is not None:
        printer.end()
    return FAILED if bad else 0
