"""tenbin allreduce search: which hierarchy, at which size, on how many nodes."""

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from tenbin.cli.allreduce.own_ranks import call_on_ranks, count_nodes
from tenbin.cli.rows import print_rows
from tenbin.errors import NoDataError, UsageError
from tenbin.units import format_bytes, format_time, parse_sizes

FAILED = 1


@click.command(
    short_help="Find the fastest algorithm: predict, prune, measure, advise."
)
@click.option("--ranks", type=int, help="Start this many ranks of its own.")
@click.option("--ranks-per-node", type=int, help="Emulate nodes of this size.")
@click.option("--nodes", help="Node counts, e.g. 1,2,4; all powers of two if none.")
@click.option("--sizes", "-s", default="1KiB:64MiB:4", show_default=True)
@click.option("--dtype", default="float32", show_default=True)
@click.option("--machine", help="Machine file to predict with; measured here if none.")
@click.option("--most", default=8, show_default=True, help="Names to measure per size.")
@click.option("--rounds", default=5, show_default=True, help="Turns of each case.")
@click.option("--budget", default=0.5, show_default=True, help="Seconds per case.")
@click.option("--launches", default=1, show_default=True, help="Start ranks anew.")
@click.option("--launch", default=0, hidden=True)
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table"
)
def command(**given: Any) -> int:
    """Search all hierarchies of the rank count, with every pattern at every level.

    Predictions prune; the survivors are measured in turns beside what the library
    does; the records are an ordinary run, for `tenbin report`.

    \b
    tenbin allreduce search --ranks 8 --ranks-per-node 4 --sizes 1KiB:64MiB
    mpiexec -n 64 tenbin allreduce search --sizes 8B:1GiB:8 --out runs/search
    """
    out = given["out"] or Path("runs") / f"search-{time.strftime('%Y%m%d-%H%M%S')}"
    if given["ranks"] is None:
        speaks = _search_here(given, out)
    else:
        _search_on_own_ranks(given, out)
        speaks = True
    return _advise(out, given["form"]) if speaks else 0


def _search_on_own_ranks(given: dict[str, Any], out: Path) -> None:
    ranks, per_node = given["ranks"], given["ranks_per_node"] or given["ranks"]
    nodes = count_nodes(ranks, per_node)
    _node_counts(given["nodes"], nodes)
    parse_sizes(given["sizes"])
    keep = ("ranks_per_node", "nodes", "sizes", "dtype", "most", "rounds", "budget")
    shared = [f"--{key.replace('_', '-')}={given[key]}" for key in keep if given[key]]
    records = out / "records.jsonl"
    with tempfile.TemporaryDirectory(prefix="tenbin-") as folder:
        machine = given["machine"] or str(Path(folder) / "machine.toml")
        if not given["machine"]:
            fit = ["fit", f"--out={machine}", f"--ranks-per-node={per_node}"]
            call_on_ranks(fit, ranks, nodes, lambda: 0)
        for launch in range(given["launches"]):
            own = [f"--launch={launch}", f"--machine={machine}", f"--out={out}"]
            call_on_ranks(
                ["search", *shared, *own],
                ranks,
                nodes,
                lambda: records.stat().st_size if records.exists() else 0,
            )


def _search_here(given: dict[str, Any], out: Path) -> bool:
    from mpi4py import MPI

    from tenbin.kernels.allreduce import machines
    from tenbin.kernels.allreduce.explore import Search, explore, measure_links
    from tenbin.rule import Rule
    from tenbin.topology import discover

    topology = discover(MPI.COMM_WORLD, given["ranks_per_node"])
    if topology.size < 2:
        raise UsageError("allreduce needs 2 ranks: give --ranks, or use mpiexec")
    asked = Search(
        nodes=_node_counts(given["nodes"], topology.nodes, topology.ranks_per_node),
        sizes=parse_sizes(given["sizes"]),
        dtype=given["dtype"],
        most=given["most"],
        rounds=given["rounds"],
        rule=Rule(budget_s=given["budget"]),
        launch=given["launch"],
    )
    if given["machine"]:
        links = machines.load(given["machine"]).links
    else:
        links = measure_links(topology)
    explore(topology, asked, links, out)
    speaks = topology.rank == 0
    topology.free()
    return speaks


def _node_counts(
    text: str | None, nodes: int, ranks_per_node: int = 2
) -> tuple[int, ...]:
    """Return the node counts to search; raise UsageError for what is not there."""
    if text is None:
        doublings = [2**i for i in range(nodes.bit_length()) if 2**i < nodes]
        return tuple(n for n in (*doublings, nodes) if n * ranks_per_node > 1)
    counts = [int(word) if word.strip().isdigit() else 0 for word in text.split(",")]
    if min(counts) < 1 or max(counts) > nodes:
        raise UsageError(f"--nodes {text}: node counts are 1 to {nodes}")
    return tuple(counts)


def _advise(out: Path, form: str) -> int:
    from tenbin.kernels.allreduce import advice
    from tenbin.results import store

    (run,) = store.load([out])
    bad = [record for record in run.records if record.status != "ok"]
    for record in bad:
        click.echo(f"{record.status.upper()} {record.case}: {record.reason}", err=True)
    points = advice.measured(run.records)
    if not points:
        raise NoDataError(f"{out}: nothing was measured")
    front = {
        point
        for key in advice.winners(points)
        for point in advice.pareto(
            [p for p in points if (p.nodes, p.message_bytes) == key]
        )
    }
    print_rows([_point(point, point in front) for point in points], form)
    if form == "table":
        _print_advice(advice.crossovers(points), advice.library_losses(points))
        for line in advice.stragglers(run.records):
            click.echo(line)
    click.echo(f"records: {out}; pages: tenbin report {out}", err=True)
    return FAILED if bad else 0


def _point(point: Any, on_front: bool) -> dict[str, Any]:
    return {
        "nodes": point.nodes,
        "size": format_bytes(point.message_bytes),
        "algorithm": point.variant,
        "time": format_time(point.time_s),
        "rounding": "" if point.error is None else f"{point.error:.1e}",
        "off node": ""
        if point.off_node_bytes is None
        else format_bytes(point.off_node_bytes),
        "front": "*" if on_front else "",
    }


def _print_advice(crossovers: Iterable[Any], losses: Iterable[Any]) -> None:
    click.echo("\nfastest, by nodes and size")
    for row in crossovers:
        gain = "" if row.over_library is None else f"  {row.over_library:.2f}x library"
        sizes = f"{format_bytes(row.from_bytes)} .. {format_bytes(row.to_bytes)}"
        click.echo(f"  {row.nodes} nodes  {sizes:<18} {row.variant}{gain}")
    for loss in losses:
        sizes = f"{format_bytes(loss.from_bytes)} .. {format_bytes(loss.to_bytes)}"
        click.echo(
            f"MPI_Allreduce loses to its own reduce-scatter and allgather on "
            f"{loss.nodes} nodes, {sizes}: up to {loss.most:.2f}x"
        )
