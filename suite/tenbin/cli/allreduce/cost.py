"""tenbin allreduce cost: how long an algorithm takes on a machine."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tenbin.cli.allreduce.asked import Asked, ask, placed
from tenbin.cli.files import check_picture
from tenbin.errors import UsageError

ITEMSIZE = 4  # bytes of a float32


@click.command(short_help="How long it takes on a machine, by message size.")
@click.argument("algorithms", nargs=-1, required=True)
@placed
@click.option("-s", "--sizes", default="1KiB:1GiB:32", show_default=True)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@click.option("--figure", type=click.Path(path_type=Path),
              help="Draw it with its band: .svg, .png or .pdf.")  # fmt: skip
def command(
    algorithms: tuple[str, ...],
    sizes: str,
    form: str,
    figure: Path | None,
    **where: Any,
) -> None:
    """Predict the time of ALGORITHMS on a machine, also with nodes it never had.

    The bound is the time the fullest link needs if it never rests; the share says how
    much of the time that is. A machine that was fitted gives a band, its error on
    allreduces that the fit had not seen.

    \b
    tenbin allreduce cost two-level flat tree/16 --nodes 512 --machine abci1
    tenbin allreduce cost two-level flat --nodes 512 --machine cluster.toml \
        --figure band.svg
    """
    from tenbin.units import parse_sizes

    if not where["machine"]:
        raise UsageError("cost needs a --machine: abci1, tsubame3, fugaku, or a file")
    check_picture(figure)
    asked = [ask(algorithm, **where) for algorithm in algorithms]
    rows = {str(one): _rows(one, parse_sizes(sizes)) for one in asked}
    if figure is not None:
        _draw(asked, rows, figure)
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
        return
    for one in asked:
        click.echo("\n".join([*_table(one, rows[str(one)]), ""]))
    machine = asked[0].machine
    if machine and not machine.measured:
        click.echo(f"{machine.name}: published figures, not measured")


def _draw(
    asked: Sequence[Asked], rows: dict[str, list[dict[str, float]]], path: Path
) -> None:
    from tenbin.results.figures.prediction import prediction
    from tenbin.results.figures.save import save

    first = asked[0]
    machine = first.machine.name if first.machine else ""
    share = first.links.error_share
    band = f", band ±{share:.0%}" if share else ""
    curves = {str(one.name): rows[str(one)] for one in asked}
    title = f"predicted time{band}, bound dotted"
    save(prediction(curves, title, *first.place.split(" on "), machine), path)
    click.echo(str(path), err=True)


def _rows(asked: Asked, sizes: tuple[int, ...]) -> list[dict[str, float]]:
    from tenbin.kernels.allreduce.bound import bound, bound_fraction, busbw
    from tenbin.kernels.allreduce.cost import predict

    schedule, nodes, links = asked.schedule, asked.nodes, asked.links
    rows = []
    for size in sizes:
        found = predict(schedule, nodes, size, ITEMSIZE, links)
        bound_s = bound(schedule, nodes, size, ITEMSIZE, links)
        rows.append(
            {
                "message_bytes": size,
                "time_s": found.time_s,
                "low_s": found.time_s * (1 - links.error_share),
                "high_s": found.time_s * (1 + links.error_share),
                "latency_s": found.latency_s,
                "transfer_s": found.transfer_s,
                "add_s": found.add_s,
                "bound_s": bound_s,
                "bound_fraction": bound_fraction(bound_s, found.time_s),
                "busbw_bytes_per_s": busbw(size, asked.ranks, found.time_s),
            }
        )
    return rows


def _table(asked: Asked, rows: list[dict[str, float]]) -> list[str]:
    from tenbin.units import format_bytes, format_rate, format_time

    band = asked.links.error_share > 0
    head = ["message", "time", *(["from", "to"] if band else []), "latency"]
    lines = [[*head, "transfer", "adding", "bound", "share", "busbw"]]
    for row in rows:
        names = ["time_s", *(["low_s", "high_s"] if band else []), "latency_s"]
        names += ["transfer_s", "add_s", "bound_s"]
        lines.append(
            [
                format_bytes(row["message_bytes"]),
                *(format_time(row[name]) for name in names),
                f"{row['bound_fraction']:.0%}",
                format_rate(row["busbw_bytes_per_s"], "B/s"),
            ]
        )
    return [str(asked), *("".join(f"{cell:>11}" for cell in line) for line in lines)]
