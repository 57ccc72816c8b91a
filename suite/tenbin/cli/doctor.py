"""tenbin doctor: is this machine ready."""

import click

MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}


@click.command(short_help="Is this machine ready: compiler, MPI, BLAS, GPU, scheduler.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
def command(form: str) -> int:
    """Look at this machine and say what is missing and what to do about it."""
    import msgspec

    from tenbin.machine import doctor

    findings = doctor()
    if form == "json":
        click.echo(msgspec.json.encode(findings).decode())
    else:
        for finding in findings:
            advice = f"  -> {finding.advice}" if finding.advice else ""
            click.echo(f"{MARKS[finding.level]}  {finding.what}{advice}")
    return int(any(finding.level == "fail" for finding in findings))
