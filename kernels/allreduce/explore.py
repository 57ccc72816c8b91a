"""A search from probes to records: fit the links, choose, measure, keep.

    probe, fit   or a machine file        links
    links        predictions              names per node count and size
    names        turns on the ranks       records, as of any other run

All ranks of the world take part; rank 0 chooses and writes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from tenbin.decode import decode
from tenbin.dtypes import storage
from tenbin.kernels.allreduce import machines
from tenbin.kernels.allreduce.bound import bound
from tenbin.kernels.allreduce.links import Links
from tenbin.kernels.allreduce.names import parse
from tenbin.kernels.allreduce.search import Search, survivors
from tenbin.kernels.allreduce.space import forecast
from tenbin.kernels.allreduce.survey import first_nodes, make_cases, survey
from tenbin.kernels.allreduce.traffic import node_by_node
from tenbin.record import Record
from tenbin.results import store
from tenbin.study import Study
from tenbin.topology import LEADER, Topology

MACHINE_FILE = "machine.toml"

Names = dict[int, tuple[str, ...]]  # message bytes -> what to measure


def describe(links: Links, topology: Topology) -> str:
    """Return the machine file of measured links."""
    hosts = sorted(set(topology.hosts))
    source = f"tenbin allreduce fit: {topology.size} ranks on {', '.join(hosts[:4])}"
    return machines.dump(hosts[0], [source], topology.ranks_per_node, links)


def explore(
    topology: Topology,
    asked: Search,
    links: Links,
    out: Path,
    advance: Callable[[Record], object] = lambda record: None,
) -> None:
    """Choose and measure, and write a run folder; collective over the world."""
    chosen = topology.world.bcast(
        _choose(asked, topology.ranks_per_node, links)
        if topology.rank == LEADER
        else None
    )
    with ExitStack() as stack:
        run_id, writer = "", None
        if topology.rank == LEADER:
            run_id = _open(out, asked, chosen, topology.ranks_per_node)
            (out / MACHINE_FILE).write_text(describe(links, topology))
            writer = stack.enter_context(store.open_writer(out))
        for nodes, names in chosen.items():
            with first_nodes(topology, nodes) as part:
                if part is None:
                    continue
                for record in _measure(part, asked, names, links, run_id):
                    if writer is not None:
                        writer.append(record)
                        advance(record)


def _choose(asked: Search, ranks_per_node: int, links: Links) -> dict[int, Names]:
    itemsize = storage(asked.dtype).itemsize
    facts = asked.sizes, links, asked.most, itemsize
    return {
        nodes: survivors(nodes * ranks_per_node, ranks_per_node, *facts)
        for nodes in asked.nodes
    }


def _measure(
    part: Topology, asked: Search, names: Names, links: Links, run_id: str
) -> Iterator[Record]:
    place = part.size, part.ranks_per_node
    how = asked.rounds, asked.rule, run_id, asked.launch
    for size, variants in names.items():
        cases = make_cases(variants, size, *place, asked.dtype)
        said = _predictions(variants, size, part, asked.dtype, links)
        for record in survey(cases, part, *how):
            details = {**record.details, **said.get(record.variant, {})}
            yield msgspec.structs.replace(record, details=details)


def _predictions(
    names: Sequence[str], size: int, part: Topology, dtype: str, links: Links
) -> dict[str, dict[str, float]]:
    """Return the predicted time of each name that has one, and its bound."""
    place, itemsize = (part.size, part.ranks_per_node), storage(dtype).itemsize
    nodes = node_by_node(*place)
    times = forecast(names, *place, [size], links, itemsize)
    return {
        name: {
            "predicted_s": time_s,
            "bound_s": bound(
                parse(name).schedule(*place), nodes, size, itemsize, links
            ),
        }
        for name, (time_s,) in times.items()
    }


def _open(
    out: Path, asked: Search, chosen: Mapping[int, Names], ranks_per_node: int
) -> str:
    """Create the run folder, or find it again for another launch; return its name."""
    from tenbin.runner import open_run

    tables = [
        {
            "kernel": "allreduce",
            "variant": list(variants),
            "dtype": asked.dtype,
            "sizes": size,
            "ranks": nodes * ranks_per_node,
        }
        for nodes, names in chosen.items()
        for size, variants in names.items()
    ]
    launch = {"ranks_per_node": ranks_per_node}
    measure = {"budget_s": asked.rule.budget_s, "seed": asked.rule.seed}
    tree = {"name": "search", "launch": launch, "measure": measure, "bench": tables}
    return open_run(out, decode(tree, Study)).run_id
