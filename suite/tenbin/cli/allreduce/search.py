"""tenbin allreduce search: which hierarchy, at which size, on how many nodes."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from tenbin.cli.files import new_run
from tenbin.cli.rows import formatted, print_rows
from tenbin.errors import NoDataError, UsageError
from tenbin.kernels.allreduce import KERNEL
from tenbin.units import format_bytes, format_time, parse_sizes

if TYPE_CHECKING:
    from tenbin.kernels.allreduce.search import Search

FAILED = 1
COUNT = click.IntRange(1)
SECONDS = click.FloatRange(0, min_open=True)
PASSED_ON = ("nodes", "sizes", "dtype", "most", "rounds", "budget")


@click.command(
    short_help="Find the fastest algorithm: predict, prune, measure, advise.",
    context_settings={"show_default": True},
)
@ranked
@click.option("--nodes", help="Node counts, e.g. 1,2,4; all powers of two if none.")
@click.option("--sizes", "-s", default="1KiB:64MiB:4", show_default=True)
@click.option("--dtype", type=click.Choice(KERNEL.dtypes), default="float32")
@click.option("--machine", help="Machine file to predict with; measured here if none.")
@click.option("--most", type=COUNT, default=8, help="Names to measure per size.")
@click.option("--rounds", type=COUNT, default=5, help="Turns of each case.")
@click.option("--budget", type=SECONDS, default=0.5, help="Seconds per case.")
@click.option("--launches", type=COUNT, default=1, help="Start ranks anew.")
@click.option("--launch", default=0, hidden=True)
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.")
@formatted
def command(**given: Any) -> int:
    """Search all hierarchies of the rank count, with every pattern at every level.

    Predictions prune; the survivors are measured in turns beside what the library
    does; the records are an ordinary run, for `tenbin report`.

    \b
    tenbin allreduce search --ranks 8 --ranks-per-node 4 --sizes 1KiB:64MiB
    mpiexec -n 64 tenbin allreduce search --sizes 8B:1GiB:8 --out runs/search
    """
    out = given["out"] or new_run("search")
    place = own_place(given["ranks"], given["ranks_per_node"])
    if place is not None:
        _search_on(place, given, out)
    elif not _search_here(given, out):
        return 0
    return _advise(out, given["form"])


def _search_on(place: Place, given: dict[str, Any], out: Path) -> None:
    """Have ranks of its own measure the links, once, and search, launch by launch."""
    _judge(given, place)
    options = {name: given[name] for name in PASSED_ON}
    records = out / "records.jsonl"
    with tempfile.TemporaryDirectory(prefix="tenbin-") as folder:
        machine = given["machine"] or str(Path(folder) / "machine.toml")
        if not given["machine"]:
            call_on_ranks(
                place, "fit", options={"dtype": given["dtype"], "out": machine}
            )
        for launch in range(given["launches"]):
            call_on_ranks(
                place,
                "search",
                options={**options, "launch": launch, "machine": machine, "out": out},
                done=lambda: records.stat().st_size if records.exists() else 0,
            )


def _search_here(given: dict[str, Any], out: Path) -> bool:
    """Search on the ranks that are here; return whether this one is to speak."""
    from tenbin.kernels.allreduce import machines
    from tenbin.kernels.allreduce.calibrate import measure_links
    from tenbin.kernels.allreduce.explore import explore

    with ranks_here(given["ranks_per_node"]) as topology:
        asked = _judge(given, place_of(topology))
        if given["machine"]:
            links = machines.load(given["machine"]).links
        else:
            links = measure_links(topology, dtype=asked.dtype)
        explore(topology, asked, links, out)
        return topology.rank == 0


def _judge(given: dict[str, Any], place: Place) -> "Search":
    """Return what is to be searched; raise UsageError for what cannot be."""
    from tenbin.kernels.allreduce import machines
    from tenbin.kernels.allreduce.search import Search
    from tenbin.rule import Rule

    nodes = _node_counts(given["nodes"], place)
    if given["machine"]:
        machines.load(given["machine"])
    widest = Place(max(nodes) * place.ranks_per_node, place.ranks_per_node)
    judged("flat", given["dtype"], given["sizes"], widest)
    asked = {name: given[name] for name in ("dtype", "most", "rounds", "launch")}
    rule = Rule(budget_s=given["budget"])
    return Search(nodes, parse_sizes(given["sizes"]), rule=rule, **asked)


def _node_counts(text: str | None, place: Place) -> tuple[int, ...]:
    """Return the node counts to search; raise UsageError for what is not there."""
    most, least = place.nodes, 1 if place.ranks_per_node > 1 else 2
    if text is None:
        doublings = [2**i for i in range(most.bit_length()) if 2**i < most]
        return tuple(count for count in (*doublings, most) if count >= least)
    counts = [int(word) if word.strip().isdigit() else 0 for word in text.split(",")]
    if min(counts) < least or max(counts) > most:
        raise UsageError(f"--nodes {text}: node counts are {least} to {most}")
    return tuple(counts)


def _advise(out: Path, form: str) -> int:
    from tenbin.kernels.allreduce import advice
    from tenbin.results import store
    from tenbin.results.stragglers import stragglers

    (run,) = store.load([out])
    bad = [record for record in run.records if record.status != "ok"]
    for record in bad:
        click.echo(f"{record.status.upper()} {record.case}: {record.reason}", err=True)
    points = advice.measured(run.records)
    if not points:
        raise NoDataError(f"{out}: nothing was measured")
    front = advice.fronts(points)
    print_rows([_point(point, point in front) for point in points], form)
    if form == "table":
        _print_advice(advice.crossovers(points), advice.library_losses(points))
        for one in stragglers(run.records):
            click.echo(str(one))
    for reason in _left_out(run.records):
        click.echo(reason, err=True)
    click.echo(f"records: {out}; pages: tenbin report {out}", err=True)
    return FAILED if bad else 0


def _left_out(records: Sequence[Any]) -> Iterator[str]:
    """Yield why a baseline was not measured, where it was not."""
    from tenbin.case import Case
    from tenbin.kernels.allreduce.problem import AllreduceProblem
    from tenbin.kernels.allreduce.search import BASELINES

    first = records[0]
    where = AllreduceProblem(first.message_bytes), first.ranks, first.ranks_per_node
    measured = {record.variant for record in records}
    for name in (name for name in BASELINES if name not in measured):
        reason = KERNEL.decline(Case("allreduce", name, first.dtype, *where))
        yield f"{name} was not measured: {reason}"


def _point(point: Any, on_front: bool) -> dict[str, Any]:
    return {
        "nodes": point.nodes,
        "size": format_bytes(point.message_bytes),
        "algorithm": point.variant,
        "time": format_time(point.time_s),
        "of bound": "" if not point.bound_s else f"{point.bound_s / point.time_s:.0%}",
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
