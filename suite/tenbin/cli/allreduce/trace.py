"""tenbin allreduce trace ALGORITHM: every step of every rank, as a timeline."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tenbin.cli.allreduce.own_ranks import (
    Place,
    call_on_ranks,
    judged,
    own_place,
    place_of,
    ranked,
    ranks_here,
)
from tenbin.cli.files import check_writable, write
from tenbin.errors import UsageError

if TYPE_CHECKING:
    from tenbin.case import Case


@click.command(short_help="Record every step of all ranks as a Chrome trace.")
@click.argument("algorithm")
@ranked
@click.option("--size", default="1MiB", show_default=True, help="Of the message.")
@click.option("--repetitions", type=click.IntRange(1), default=10, show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("trace.json"),
    show_default=True,
)
def command(
    algorithm: str,
    ranks: int | None,
    ranks_per_node: int | None,
    size: str,
    repetitions: int,
    out: Path,
) -> None:
    """Run ALGORITHM with stamps between its steps; open the file in chrome://tracing.

    The longest steps are printed, with the ranks that entered and left them last.

    \b
    tenbin allreduce trace 2x2 --ranks 4 --size 4MiB --out trace.json
    """
    check_writable(out)
    place = own_place(ranks, ranks_per_node)
    if place is None:
        _trace_here(algorithm, ranks_per_node, size, repetitions, out)
        return
    _judge(algorithm, size, place)
    options = {"size": size, "repetitions": repetitions, "out": out}
    call_on_ranks(place, "trace", algorithm, options=options)
    _print(out)


def _judge(algorithm: str, size: str, place: Place) -> "Case":
    from tenbin.kernels.allreduce.limits import unseen

    (case,) = judged(algorithm, "float32", size, place)
    if reason := unseen(case.variant):
        raise UsageError(reason)
    return case


def _trace_here(
    algorithm: str, ranks_per_node: int | None, size: str, repetitions: int, out: Path
) -> None:
    from tenbin.clock import synchronise
    from tenbin.kernels.allreduce.executors import node_of_ranks
    from tenbin.kernels.allreduce.trace import chrome, trace

    with ranks_here(ranks_per_node) as topology:
        case = _judge(algorithm, size, place_of(topology))
        clock = synchronise(topology.world)
        tracks = trace(case, topology, clock, repetitions)
        nodes = node_of_ranks(topology)
        if tracks is not None:
            write(out, json.dumps(chrome(tracks, nodes)))
            _print(out)


def _print(out: Path) -> None:
    for line in json.loads(out.read_text())["otherData"]["longest"]:
        click.echo(line)
    click.echo(f"wrote {out}")
