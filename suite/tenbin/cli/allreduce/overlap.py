"""tenbin allreduce overlap: what a GEMM and an allreduce do to each other."""

import json
import tempfile
from pathlib import Path
from typing import Any

import click

from tenbin.cli.allreduce.own_ranks import call_on_ranks
from tenbin.cli.rows import print_rows
from tenbin.units import format_bytes, format_time, parse_sizes


@click.command(
    short_help="How far an allreduce hides behind a GEMM, and at what price."
)
@click.argument("algorithm", default="library")
@click.option("--ranks", type=int, help="Start this many ranks of its own.")
@click.option("--ranks-per-node", type=int, help="Emulate nodes of this size.")
@click.option("--sizes", "-s", default="1MiB,16MiB", show_default=True)
@click.option("--repetitions", type=click.IntRange(1), default=15, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="JSON file to write.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv"]), default="table"
)
def command(
    algorithm: str,
    ranks: int | None,
    ranks_per_node: int | None,
    sizes: str,
    repetitions: int,
    out: Path | None,
    form: str,
) -> None:
    """Time ALGORITHM, a GEMM as long, and both at once, in turns.

    \b
    tenbin allreduce overlap library --ranks 2 --sizes 1MiB:64MiB:4
    """
    if ranks is None:
        rows = _overlap_here(algorithm, ranks_per_node, sizes, repetitions)
    else:
        with tempfile.TemporaryDirectory(prefix="tenbin-") as folder:
            path = Path(folder) / "overlap.json"
            arguments = ["overlap", algorithm, f"--sizes={sizes}", f"--out={path}"]
            arguments += [f"--repetitions={repetitions}"]
            if ranks_per_node:
                arguments += [f"--ranks-per-node={ranks_per_node}"]
            nodes = ranks // (ranks_per_node or ranks)
            call_on_ranks(arguments, ranks, nodes, lambda: 0)
            rows = json.loads(path.read_text())
    if rows and out is not None:
        out.write_text(json.dumps(rows, indent=2) + "\n")
    if rows:
        print_rows(rows if form == "json" else [_shown(row) for row in rows], form)


def _overlap_here(
    algorithm: str, ranks_per_node: int | None, sizes: str, repetitions: int
) -> list[dict[str, Any]]:
    """Return the rows on rank 0, none elsewhere."""
    from dataclasses import asdict

    from mpi4py import MPI
    from threadpoolctl import threadpool_limits

    from tenbin.case import Case
    from tenbin.errors import UsageError
    from tenbin.kernel import Options
    from tenbin.kernels.allreduce import KERNEL
    from tenbin.kernels.allreduce.overlap import make_gemm, measure_overlap
    from tenbin.kernels.allreduce.problem import AllreduceProblem
    from tenbin.topology import discover

    topology = discover(MPI.COMM_WORLD, ranks_per_node)
    world, rows = topology.world, []
    place = topology.size, topology.ranks_per_node
    for size in parse_sizes(sizes):
        problem = AllreduceProblem(size)
        name = KERNEL.variant(algorithm)
        case = Case("allreduce", name, "float32", problem, *place)
        reason = KERNEL.decline(case)
        if reason:
            raise UsageError(reason)
        task = KERNEL.prepare(case, topology, Options())
        with threadpool_limits(1):
            idle = make_gemm(world, 0.0)
            alone = measure_overlap(world, task.run, task.reset, idle, 5).comm_s
            gemm = make_gemm(world, alone)
            found = measure_overlap(world, task.run, task.reset, gemm, repetitions)
        right = world.allreduce(task.check().ok, op=MPI.LAND)
        task.release()
        if not right:
            raise RuntimeError(f"{algorithm}: wrong sum beside a GEMM")
        ratios = {
            key: getattr(found, key)
            for key in ("overlap", "comm_slowdown", "gemm_slowdown")
        }
        facts = {"algorithm": name, "ranks": topology.size, "message_bytes": size}
        rows.append({**facts, **asdict(found), **ratios})
    speaks = topology.rank == 0
    topology.free()
    return rows if speaks else []


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    times = {
        key.removesuffix("_s"): format_time(row[key])
        for key in ("comm_s", "gemm_s", "both_s")
    }
    shares = {
        key: f"{row[key]:.2f}" for key in ("overlap", "comm_slowdown", "gemm_slowdown")
    }
    size = format_bytes(row["message_bytes"])
    return {"algorithm": row["algorithm"], "size": size, **times, **shares}
