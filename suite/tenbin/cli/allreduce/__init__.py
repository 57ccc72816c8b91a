"""tenbin allreduce: look into algorithms; one small file per verb."""

import click

from tenbin.cli.verbs import Verbs

VERBS = {
    "show": "What an algorithm does: steps, bytes, closed form, diagram.",
    "prove": "Whether it is an allreduce, and how its sums are rounded.",
    "cost": "How long it takes on a machine, by message size.",
    "fit": "Measure the links here: a machine file for cost and search.",
    "search": "Find the fastest algorithm: predict, prune, measure, advise.",
    "overlap": "How far an allreduce hides behind a GEMM, and at what price.",
    "trace": "Every step of all ranks, as a Chrome trace.",
}


@click.group(
    cls=Verbs,
    package=__name__,
    verbs=VERBS,
    short_help="Look into, predict and search allreduce algorithms.",
)
def command() -> None:
    """Show, prove, predict and search allreduce algorithms by their name.

    \b
    library                     the MPI library
    flat, two-level, 4x2        rings over levels, innermost first
    4dx2h                       each level ring (r), direct (d) or halving (h)
    leader:4x2, full:4x2        leaders, a full allreduce per level
    lib:4x2, lib-leader:4x2     the same by calls of the MPI library
    tree, doubling, swing       without levels
    tree/8                      in 8 segments
    4x2@1                       ranks dealt to the nodes round robin
    """
