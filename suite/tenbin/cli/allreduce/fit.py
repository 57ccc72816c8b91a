"""tenbin allreduce fit: measure the links of this machine."""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from tenbin.cli.allreduce.own_ranks import call_on_ranks
from tenbin.cli.rows import print_rows
from tenbin.errors import UsageError
from tenbin.units import format_rate, format_time

HELD = 1e-15  # bytes that cost less than this in seconds are free


@click.command(short_help="Measure the links here: a machine file for cost and search.")
@click.option("--ranks", type=int, help="Start this many ranks of its own.")
@click.option("--ranks-per-node", type=int, help="Emulate nodes of this size.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Machine file to write, TOML."
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table"
)
def command(
    ranks: int | None, ranks_per_node: int | None, out: Path | None, form: str
) -> None:
    """Fit alpha, beta and gamma to ping-pongs of pairs of ranks, one and all at once.

    \b
    tenbin allreduce fit --ranks 2 --out here.toml
    mpiexec -n 8 tenbin allreduce fit --out cluster.toml
    tenbin allreduce cost 4x2 --machine cluster.toml
    """
    if ranks is None:
        _fit_here(ranks_per_node, out, form)
        return
    if ranks < 2:
        raise UsageError(f"--ranks {ranks}: a link has two ends")
    with tempfile.TemporaryDirectory(prefix="tenbin-") as folder:
        path = out or Path(folder) / "machine.toml"
        arguments = ["fit", "--out", str(path)]
        if ranks_per_node:
            arguments += ["--ranks-per-node", str(ranks_per_node)]
        call_on_ranks(arguments, ranks, ranks // (ranks_per_node or ranks), lambda: 0)
        _print(path.read_text(), form)


def _fit_here(ranks_per_node: int | None, out: Path | None, form: str) -> None:
    from mpi4py import MPI

    from tenbin.kernels.allreduce.explore import describe, measure_links
    from tenbin.topology import discover

    topology = discover(MPI.COMM_WORLD, ranks_per_node)
    if topology.size < 2:
        raise UsageError("a link has two ends: give --ranks, or start under mpiexec")
    links = measure_links(topology)
    text = describe(links, topology)
    if topology.rank == 0:
        if out is not None:
            out.write_text(text)
        _print(text, form)
    topology.free()


def _print(text: str, form: str) -> None:
    import tomllib

    import msgspec

    from tenbin.kernels.allreduce.machines import Machine

    machine = msgspec.convert(tomllib.loads(text), Machine)
    links = machine.links
    rows = [row for kind in ("intra", "inter") for row in _rows(kind, asdict(links))]
    print_rows(rows, form)
    if form == "table":
        gamma = links.gamma_s_per_byte
        click.echo(f"adding {format_rate(1 / max(gamma, HELD), 'B/s')}")
        click.echo(f"hold-out error {links.error_share:.1%} (median)", err=True)


def _rows(kind: str, links: dict[str, Any]) -> list[dict[str, Any]]:
    link = links[kind]
    lines = [{**link, "from_bytes": 0}, *link["protocols"]]
    return [
        {
            "link": kind,
            "from_bytes": line["from_bytes"],
            "alpha": format_time(line["alpha_s"]),
            "rate": format_rate(1 / max(line["beta_s_per_byte"], HELD), "B/s"),
            "node_ports": link["node_ports"],
        }
        for line in lines
    ]
