"""tenbin allreduce overlap: what a GEMM and an allreduce do to each other."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

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
from tenbin.errors import NoDataError
from tenbin.units import format_bytes, format_time

DTYPE = "float32"
RATIOS = ("overlap", "comm_slowdown", "gemm_slowdown")
FAILED = 1


@click.command(
    short_help="How far an allreduce hides behind a GEMM, and at what price."
)
@click.argument("algorithm", default="library")
@ranked
@click.option("--sizes", "-s", default="1MiB,16MiB", show_default=True)
@click.option("--repetitions", type=click.IntRange(1), default=15, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.")
@formatted
def command(**given: Any) -> int:
    """Time ALGORITHM, a GEMM as long, and both at once, in turns.

    The records are those of an ordinary run; the ratios come from their raw times.

    \b
    tenbin allreduce overlap library --ranks 2 --sizes 1MiB:64MiB:4
    """
    out = given["out"] or new_run("overlap")
    place = own_place(given["ranks"], given["ranks_per_node"])
    if place is not None:
        judged(given["algorithm"], DTYPE, given["sizes"], place)
        options = {name: given[name] for name in ("sizes", "repetitions")}
        call_on_ranks(
            place, "overlap", given["algorithm"], options={**options, "out": out}
        )
    elif not _overlap_here(given, out):
        return 0
    return _print(out, given["form"])


def _overlap_here(given: dict[str, Any], out: Path) -> bool:
    """Weigh on the ranks that are here; return whether this one is to speak."""
    from tenbin.kernels.allreduce.weigh_overlap import weigh_overlap
    from tenbin.results import store

    with ranks_here(given["ranks_per_node"]) as topology:
        place = place_of(topology)
        cases = judged(given["algorithm"], DTYPE, given["sizes"], place)
        speaks = topology.rank == 0
        run_id = _open(out, cases[0].variant, given["sizes"], place) if speaks else ""
        for case in cases:
            record = weigh_overlap(case, topology, given["repetitions"], run_id)
            if speaks:
                store.append(out, record)
    return speaks


def _open(out: Path, name: str, sizes: str, place: Place) -> str:
    """Create the run folder; return the name of the run."""
    from tenbin.decode import decode
    from tenbin.runner import open_run
    from tenbin.study import Study

    bench = {
        "kernel": "allreduce",
        "variant": name,
        "sizes": sizes,
        "ranks": place.ranks,
    }
    launch = {"ranks_per_node": place.ranks_per_node}
    tree = {"name": "overlap", "launch": launch, "bench": [bench]}
    return open_run(out, decode(tree, Study)).run_id


def _print(out: Path, form: str) -> int:
    from tenbin.kernels.allreduce.overlap import overlap_of
    from tenbin.results import store

    (run,) = store.load([out])
    if not run.records:
        raise NoDataError(f"{out}: nothing was measured")
    rows, bad = [], 0
    for record in run.records:
        if record.status != "ok":
            click.echo(f"{record.status}: {record.case}: {record.reason}", err=True)
            bad += 1
            continue
        found = overlap_of(record)
        ratios = {name: getattr(found, name) for name in RATIOS}
        facts = {"algorithm": record.variant, "ranks": record.ranks}
        facts["message_bytes"] = record.message_bytes or 0
        rows.append({**facts, **asdict(found), **ratios})
    print_rows(rows if form != "table" else [_shown(row) for row in rows], form)
    click.echo(f"records: {out}", err=True)
    return FAILED if bad else 0


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    times = {
        key.removesuffix("_s"): format_time(row[key])
        for key in ("comm_s", "gemm_s", "both_s")
    }
    shares = {key: f"{row[key]:.2f}" for key in RATIOS}
    size = format_bytes(row["message_bytes"])
    return {"algorithm": row["algorithm"], "size": size, **times, **shares}
