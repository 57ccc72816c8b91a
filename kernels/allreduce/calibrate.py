"""From ranks to links: passes of probes, the fit of what is typical, and its error.

Several passes, so that a disturbance does not meet all probes of a size. The error is
that of predicted allreduces, of layouts and sizes that no probe has, timed between the
passes.
"""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from tenbin.kernels.allreduce.adding import Adds, time_adds, typical_adds
from tenbin.kernels.allreduce.executors import node_of_ranks
from tenbin.kernels.allreduce.fit import fit_links
from tenbin.kernels.allreduce.judge import (
    JUDGED_BYTES,
    JUDGES,
    Times,
    compare,
    time_allreduces,
)
from tenbin.kernels.allreduce.links import Links
from tenbin.kernels.allreduce.pingpong import Probe, probe, typical
from tenbin.topology import Topology

PROBED_BYTES = tuple(2**i for i in range(3, 23))
PASSES = 3

Pass = tuple[list[Probe], Adds]


def measure_links(
    topology: Topology,
    sizes: Sequence[int] = PROBED_BYTES,
    passes: int = PASSES,
    dtype: str = "float32",
) -> Links:
    """Probe the ranks of the world and fit; the same on every rank.

    Messages are bytes; additions are those of the dtype, as are the allreduces that
    judge the fit.
    """
    times: Times = {(name, size): [] for name in JUDGES for size in JUDGED_BYTES}
    probed = []
    for _ in range(passes):
        probed.append(one_pass(topology, sizes, dtype))
        time_allreduces(topology, times, dtype)
    links = fit_passes(probed)
    errors = [abs(one.error) for one in compare(topology, times, links, dtype)]
    return replace(links, error_share=median(errors))


def one_pass(
    topology: Topology, sizes: Sequence[int] = PROBED_BYTES, dtype: str = "float32"
) -> Pass:
    """Time messages and additions of these sizes once; collective."""
    world, per_node = topology.world, topology.ranks_per_node
    probes = probe(world, node_of_ranks(topology), sizes)
    return probes, time_adds(world, per_node, sizes, dtype)


def fit_passes(passes: Sequence[Pass]) -> Links:
    """Return the links that fit the typical times of several passes."""
    probes, adds = zip(*passes, strict=True)
    return fit_links(typical(probes), typical_adds(adds))
