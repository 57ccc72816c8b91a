"""tenbin allreduce show: what an algorithm does."""

from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import click

from tenbin.cli.allreduce.asked import Asked, ask, placed
from tenbin.cli.files import check_writable, write
from tenbin.units import format_bytes, format_time, parse_bytes

FILE = click.Path(path_type=Path)
ITEMSIZE = 4  # bytes of a float32


@click.command(short_help="What an algorithm does: steps, bytes, closed form, diagram.")
@click.argument("algorithm")
@placed
@click.option("--svg", type=FILE, help="Draw it into this file.")
@click.option("--goal", type=FILE, help="Write it for LogGOPSim.")
@click.option("--msccl", type=FILE, help="Write MSCCL's XML.")
@click.option(
    "--size", default="1MiB", show_default=True, help="Message, for times and --goal."
)
def command(
    algorithm: str,
    svg: Path | None,
    goal: Path | None,
    msccl: Path | None,
    size: str,
    **where: Any,
) -> None:
    """Print the steps of ALGORITHM, the bytes it moves and its time in closed form.

    n is the message on every rank; bytes are those of all ranks together. On a machine
    its time is predicted, too; without one no ports are shared, as in textbooks.

    \b
    tenbin allreduce show 4x2
    tenbin allreduce show tree/8 --ranks 16 --machine abci1 --svg tree.svg
    """
    asked, message_bytes = ask(algorithm, **where), parse_bytes(size)
    as_goal = partial(_goal, message_bytes=message_bytes)
    files = (svg, _svg), (goal, as_goal), (msccl, _msccl)
    for path, _ in files:
        check_writable(path)
    lines = [*_steps(asked), "", *_bytes(asked), *_times(asked, message_bytes)]
    click.echo("\n".join(lines))
    for path, text in files:
        if path is not None:
            write(path, text(asked))
            click.echo(f"wrote {path}")


def _steps(asked: Asked) -> list[str]:
    from tenbin.kernels.allreduce.phases import phases

    schedule = asked.schedule
    lines = [f"{asked}, {schedule.rounds} rounds, {schedule.chunks} chunks", ""]
    lines.append(f"{'rounds':<10}{'messages':<10}{'each':<18}{'nodes':<16}then")
    for phase in phases(schedule, asked.nodes):
        one = phase.first == phase.last
        rounds = f"{phase.first}" if one else f"{phase.first}-{phase.last}"
        same = phase.least == phase.most
        each = _share(phase.least) + ("" if same else f" to {_share(phase.most)}")
        links, does = "+".join(phase.links), "+".join(phase.does)
        lines.append(f"{rounds:<10}{phase.messages:<10}{each:<18}{links:<16}{does}")
    return lines


def _bytes(asked: Asked) -> list[str]:
    from tenbin.kernels.allreduce.traffic import level_bytes, traffic

    schedule, place = asked.schedule, (asked.ranks, asked.ranks_per_node)
    moved = traffic(schedule, asked.nodes, schedule.chunks, 1)
    sums = {
        "most sent by a rank": moved.sent_bytes_per_rank,
        "inside nodes": moved.intra_bytes,
        "between nodes": moved.inter_bytes,
    }
    levels = asked.name.levels(*place)
    if len(levels) > 1:
        counts = level_bytes(
            schedule, levels, asked.name.places(*place), schedule.chunks, 1
        )
        for number, (size, count) in enumerate(zip(levels, counts, strict=True), 1):
            sums[f"level {number}, of {size}"] = count
    return [
        f"{label:<21}{_share(Fraction(count, schedule.chunks))}"
        for label, count in sums.items()
    ]


def _times(asked: Asked, message_bytes: int) -> list[str]:
    from tenbin.kernels.allreduce.bound import bound
    from tenbin.kernels.allreduce.closed import closed_form
    from tenbin.kernels.allreduce.cost import predict

    form = closed_form(asked.schedule, asked.nodes, asked.links)
    lines = [f"{'time':<21}{form}"]
    if asked.machine is None:
        return [*lines, f"{'':<21}on textbook links"]
    facts = asked.schedule, asked.nodes, message_bytes, ITEMSIZE, asked.links
    time, least = format_time(predict(*facts).time_s), format_time(bound(*facts))
    size = format_bytes(message_bytes)
    lines.append(f"{'':<21}{time} for {size}, by its bytes at least {least}")
    return [*lines, f"{'':<21}on {asked.machine.name}"]


def _share(share: Fraction) -> str:
    return "n" if share == 1 else "0" if not share else f"{share} n"


def _svg(asked: Asked) -> str:
    from tenbin.kernels.allreduce.draw import draw

    return draw(asked.schedule, asked.nodes)


def _goal(asked: Asked, message_bytes: int) -> str:
    from tenbin.kernels.allreduce.goal import to_goal

    gamma = asked.links.gamma_s_per_byte
    return to_goal(asked.schedule, message_bytes, ITEMSIZE, gamma)


def _msccl(asked: Asked) -> str:
    from tenbin.kernels.allreduce.msccl import to_msccl

    return to_msccl(asked.schedule)
