"""tenbin allreduce fit: measure the links of this machine."""

import tempfile
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Any

import click

from tenbin.cli.allreduce.own_ranks import (
    call_on_ranks,
    judged,
    own_place,
    place_of,
    ranked,
    ranks_here,
)
from tenbin.cli.files import check_writable, write
from tenbin.cli.rows import formatted, print_rows
from tenbin.kernels.allreduce.dtypes import EXACT_SUM
from tenbin.units import format_rate, format_time

SMALLEST = "8B"  # of what is probed
HELD = 1e-15  # bytes that cost less than this in seconds are free


@click.command(short_help="Measure the links here: a machine file for cost and search.")
@ranked
@click.option(
    "--dtype",
    type=click.Choice(tuple(EXACT_SUM)),
    default="float32",
    show_default=True,
    help="Of the additions.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Machine file to write, TOML."
)
@formatted
def command(
    ranks: int | None,
    ranks_per_node: int | None,
    dtype: str,
    out: Path | None,
    form: str,
) -> None:
    """Fit alpha, beta and gamma to ping-pongs of pairs of ranks, one to all at once.

    The error is that of predicted allreduces, of layouts and sizes the fit has not
    seen: the band of `cost`.

    \b
    tenbin allreduce fit --ranks 2 --out here.toml
    mpiexec -n 8 tenbin allreduce fit --out cluster.toml
    tenbin allreduce cost 4x2 --machine cluster.toml
    """
    check_writable(out)
    place = own_place(ranks, ranks_per_node)
    if place is None:
        _fit_here(ranks_per_node, dtype, out, form)
        return
    judged("flat", dtype, SMALLEST, place)
    with tempfile.TemporaryDirectory(prefix="tenbin-") as folder:
        path = out or Path(folder) / "machine.toml"
        call_on_ranks(place, "fit", options={"dtype": dtype, "out": path})
        _print(path.read_text(), form)


def _fit_here(
    ranks_per_node: int | None, dtype: str, out: Path | None, form: str
) -> None:
    from tenbin.kernels.allreduce.calibrate import measure_links
    from tenbin.kernels.allreduce.explore import describe

    with ranks_here(ranks_per_node) as topology:
        judged("flat", dtype, SMALLEST, place_of(topology))
        text = describe(measure_links(topology, dtype=dtype), topology)
        if topology.rank == 0:
            if out is not None:
                write(out, text)
            _print(text, form)


def _print(text: str, form: str) -> None:
    import tomllib

    import msgspec

    from tenbin.kernels.allreduce.machines import Machine

    links = msgspec.convert(tomllib.loads(text), Machine).links
    rows = [row for kind in ("intra", "inter") for row in _rows(kind, asdict(links))]
    print_rows(rows if form != "table" else [_shown(row) for row in rows], form)
    if form == "table":
        adding = format_rate(1 / max(links.gamma_s_per_byte, HELD), "B/s")
        click.echo(f"adding {adding}")
        click.echo(f"error {links.error_share:.1%} (median, of allreduces)", err=True)


def _rows(kind: str, links: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of a link in SI units; ports without limit are None."""
    link = links[kind]
    lines = [{**link, "from_bytes": 0}, *link["protocols"]]
    ports = link["node_ports"]
    figures = ("from_bytes", "alpha_s", "overhead_s", "beta_s_per_byte")
    return [
        {
            "link": kind,
            **{key: line[key] for key in figures},
            "rank_ports": link["rank_ports"],
            "node_ports": ports if ports < inf else None,
        }
        for line in lines
    ]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    ports = row["node_ports"]
    return {
        "link": row["link"],
        "from_bytes": row["from_bytes"],
        "alpha": format_time(row["alpha_s"]),
        "overhead": format_time(row["overhead_s"]),
        "rate": format_rate(1 / max(row["beta_s_per_byte"], HELD), "B/s"),
        "rank_ports": row["rank_ports"],
        "node_ports": "one each" if ports is None else f"{ports:.2f}",
    }
