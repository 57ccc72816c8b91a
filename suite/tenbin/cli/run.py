"""tenbin run STUDY: a whole study on this machine."""

from pathlib import Path

import click

from tenbin.cli.files import new_run
from tenbin.errors import UsageError
from tenbin.expand import Expansion, expand
from tenbin.jobs.environment import launcher_variable
from tenbin.progress import progress_bar
from tenbin.study import Study, find_study, load_study
from tenbin.units import format_time

FAILED = 1


@click.command(short_help="Run a whole study here and write its report.")
@click.argument("study")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Run folder; resumed if it exists."
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a key of the study, e.g. launch.ranks=[1,2].",
)
@click.option(
    "--dry-run", is_flag=True, help="Print the cases and the time they may take."
)
@click.option(
    "--report/--no-report", default=True, help="Write report.html at the end."
)
def command(
    study: str, out: Path | None, settings: tuple[str, ...], dry_run: bool, report: bool
) -> int:
    """Run STUDY, a TOML file or the name of a bundled one, with ranks of its own.

    Every case is checked, every launch repeated as the study says, and a failing case
    is recorded with its reason. Run again with the same --out to finish the rest.
    """
    variable = launcher_variable()
    if variable:
        raise UsageError(
            f"tenbin run starts its own ranks, but {variable} is set: call it without "
            "mpiexec or srun, or use tenbin bench"
        )
    path = find_study(study)
    loaded = load_study(path, settings)
    expansion = expand(loaded, str(path))
    if dry_run:
        _print_plan(loaded, expansion)
        return 0
    return _run(loaded, expansion, out or new_run(loaded.name), report)


def _print_plan(study: Study, expansion: Expansion) -> None:
    from tenbin.runner import courses, estimate_s

    for case in expansion.cases:
        click.echo(case.key)
    for line in expansion.skipped:
        click.echo(line, err=True)
    limit = f"at most about {format_time(estimate_s(study, expansion))}"
    if count := courses(study, expansion):
        limit += f", besides {count} courses without a limit"
    click.echo(
        f"{len(expansion.cases)} cases x {study.launch.launches} launches, {limit}",
        err=True,
    )


def _run(study: Study, expansion: Expansion, out: Path, report: bool) -> int:
    from tenbin.results import store
    from tenbin.runner import run_study

    for line in expansion.skipped:
        click.echo(line, err=True)
    with progress_bar(study.name) as advance:
        run_study(study, expansion, out, advance)
    (run,) = store.load([out])
    bad = [record for record in run.records if record.status != "ok"]
    for record in bad:
        text = f"{record.status.upper()} {record.case} launch {record.launch}"
        click.echo(f"{text}: {record.reason}", err=True)
    if report:
        from tenbin.results.report import write_report

        click.echo(f"report: {write_report([run], out)}")
    click.echo(f"records: {out / 'records.jsonl'} ({len(run.records)}, {len(bad)} bad)")
    return FAILED if bad else 0
