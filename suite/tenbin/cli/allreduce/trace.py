"""tenbin allreduce trace ALGORITHM: every step of every rank, as a timeline."""

import json
from pathlib import Path

import click

from tenbin.cli.allreduce.files import check_writable
from tenbin.cli.allreduce.own_ranks import call_on_ranks, count_nodes
from tenbin.errors import UsageError
from tenbin.kernels.allreduce.names import LIBRARY, canonical
from tenbin.units import parse_bytes


@click.command(short_help="Record every step of all ranks as a Chrome trace.")
@click.argument("algorithm")
@click.option("--ranks", type=int, help="Start this many ranks of its own.")
@click.option("--ranks-per-node", type=int, help="Emulate nodes of this size.")
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
    """Run ALGORITHM with stamps around each round; open the file in chrome://tracing.

    \b
    tenbin allreduce trace 2x2 --ranks 4 --size 4MiB --out trace.json
    """
    if canonical(algorithm) == LIBRARY:
        raise UsageError("what the MPI library does has no steps to see: name another")
    check_writable(out)
    if ranks is None:
        _trace_here(algorithm, ranks_per_node, parse_bytes(size), repetitions, out)
        return
    arguments = ["trace", algorithm, f"--size={size}", f"--out={out}"]
    arguments += [f"--repetitions={repetitions}"]
    if ranks_per_node:
        arguments += [f"--ranks-per-node={ranks_per_node}"]
    call_on_ranks(arguments, ranks, count_nodes(ranks, ranks_per_node), lambda: 0)
    click.echo(str(out))


def _trace_here(
    algorithm: str, ranks_per_node: int | None, size: int, repetitions: int, out: Path
) -> None:
    import numpy as np
    from mpi4py import MPI

    from tenbin.clock import synchronise
    from tenbin.kernels.allreduce.executors import place
    from tenbin.kernels.allreduce.names import parse
    from tenbin.kernels.allreduce.schedule import relabel
    from tenbin.kernels.allreduce.trace import chrome, longest_rounds, trace
    from tenbin.topology import discover

    topology = discover(MPI.COMM_WORLD, ranks_per_node)
    nodes = place(topology)
    made = parse(algorithm).schedule(topology.size, topology.ranks_per_node)
    schedule = relabel(made, np.argsort(nodes, kind="stable"))
    buffer = np.zeros(size // 4, dtype=np.float32)
    clock = synchronise(topology.world)
    found = trace(schedule, topology.world, buffer, clock, repetitions)
    if found is not None:
        out.write_text(json.dumps(chrome(found, nodes)))
        for line in longest_rounds(found):
            click.echo(line)
    topology.free()
