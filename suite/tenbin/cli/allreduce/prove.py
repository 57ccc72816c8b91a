"""tenbin allreduce prove: is it an allreduce, and how are its sums rounded."""

from typing import Any

import click

from tenbin.cli.allreduce.asked import Asked, ask, placed

MOST_NUMBERS = 2**24  # in memory, for rounding
SAMPLES = 16


@click.command(short_help="Whether it is an allreduce, and how its sums are rounded.")
@click.argument("algorithm")
@placed
def command(algorithm: str, **where: Any) -> int:
    """Prove that every rank ends with every rank's part once; exit 1 where not.

    Exact up to 64 ranks and 64 MiB of counts; above by random words modulo two primes
    for every chunk of every rank. Rounding errors are those of normal data, relative
    to the sums in float64.
    """
    from tenbin.kernels.allreduce.prove import countable, prove

    asked = ask(algorithm, **where)
    schedule = asked.schedule
    proof = prove(schedule)
    if not proof.ok:
        click.echo(f"{asked}\nno allreduce: {proof.reason}")
        return 1
    counted = countable(schedule)
    how = "exact contribution counts" if counted else "random words modulo two primes"
    click.echo(f"{asked}\nproved by {how}, {len(schedule.rows)} messages")
    click.echo("\n".join(_rounding(asked)))
    return 0


def _rounding(asked: Asked) -> list[str]:
    from tenbin.kernels.allreduce.rounding import ROUND, rounding

    places = asked.schedule.ranks * asked.schedule.chunks
    samples = min(SAMPLES, MOST_NUMBERS // places)
    if not samples:
        return ["too many chunks to try the rounding of"]
    lines = ["", f"{'dtype':<12}{'rms error':<12}{'largest':<12}same on all ranks"]
    for dtype in ROUND:
        found = rounding(asked.schedule, dtype, samples)
        same = "yes" if found.same else "no"
        lines.append(f"{dtype:<12}{found.rms:<12.1e}{found.largest:<12.1e}{same}")
    return lines
