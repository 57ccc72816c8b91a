"""A search from probes to records: fit the links, choose, measure, keep.

    probe, fit   or a machine file        links
    links        predictions              names per node count and size
    names        turns on the ranks       records, as of any other run

All ranks of the world take part; rank 0 chooses and writes.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import msgspec

from tenbin.decode import decode
from tenbin.kernels.allreduce import machines
from tenbin.kernels.allreduce.links import Links
from tenbin.kernels.allreduce.search import Search, survivors
from tenbin.kernels.allreduce.space import forecast
from tenbin.kernels.allreduce.survey import first_nodes, make_cases, survey
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
    per_node = topology.ranks_per_node
    chosen: dict[int, Names] = topology.world.bcast(
        {
            nodes: survivors(nodes * per_node, per_node, asked.sizes, links, asked.most)
            for nodes in asked.nodes
        }
        if topology.rank == LEADER
        else None
    )
    with ExitStack() as stack:
        run_id, writer = "", None
        if topology.rank == LEADER:
            run_id = _open(out, asked, chosen, per_node)
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


def _measure(
    part: Topology, asked: Search, names: Names, links: Links, run_id: str
) -> list[Record]:
    place = part.size, part.ranks_per_node
    found = []
    for size, variants in names.items():
        cases = make_cases(variants, size, *place, asked.dtype)
        times = forecast(variants[1:], *place, [size], links)
        records = survey(cases, part, asked.rounds, asked.rule, run_id, asked.launch)
        found += [_with_prediction(record, times) for record in records]
    return found


def _with_prediction(record: Record, times: Mapping[str, tuple[float, ...]]) -> Record:
    if record.variant not in times:
        return record
    details = {**record.details, "predicted_s": times[record.variant][0]}
    return msgspec.structs.replace(record, details=details)


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
