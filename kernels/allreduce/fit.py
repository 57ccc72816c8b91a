"""Links from probes: the parameters that make the model agree with ping-pongs.

    all at once     alpha, beta and their breakpoints, as algorithms load the links:
                    rings, or pairs where there are no three ranks to make one
    fewer pairs     how much faster they are: the ports that a node's ranks share
    fans            overhead, what each further message of a round costs its sender;
                    ports of a rank, how many of them go side by side
    additions       gamma and its breakpoints, on all ranks at once

Where all at once take no longer than one pair, the node has a port for each. What the
fit is worth, `calibrate` says: probes cannot.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from tenbin.errors import NoDataError
from tenbin.kernels.allreduce.adding import Adds
from tenbin.kernels.allreduce.links import (
    Floats,
    Link,
    Links,
    Protocol,
    lines_at,
)
from tenbin.kernels.allreduce.pieces import fit_hinge, fit_pieces
from tenbin.kernels.allreduce.pingpong import LINKS, Probe

SHARED = 1.1  # pairs that slow each other by less have ports of their own
BULK = 4  # times as long as the shortest message, and more: bandwidth decides
LATENCY_BYTES = 2**16  # and less: latency can still be seen


def fit_links(probes: Sequence[Probe], adds: Adds) -> Links:
    """Return the links of a machine, of unknown error.

    Raises NoDataError without a probe. A machine of one node, or of one rank per
    node, gets the same link twice.
    """
    of_link = {link: [p for p in probes if p.link == link] for link in LINKS}
    kinds = [kind for kind in of_link.values() if kind]
    if not kinds:
        raise NoDataError("no pair of ranks was probed: start at least 2")
    known = [fit_link(kind) for kind in kinds]  # in the order of LINKS
    first, *later = fit_pieces(*_columns(adds))
    return Links(
        known[0],
        known[-1],
        gamma_s_per_byte=first.beta_s_per_byte,
        add_s=first.alpha_s,
        adds=tuple(later),
    )


def fit_link(probes: Sequence[Probe]) -> Link:
    """Return one class of links from its probes."""
    loaded = _loaded(probes)
    slowdown, node_ports = _sharing(probes)
    rank_ports = _rank_ports(probes)
    size, time = _times(loaded)
    hinge, pieces = 0.0, fit_pieces(size, time)
    if node_ports < inf:
        hinge, pieces = fit_hinge(size, time)
    lines = [
        replace(line, beta_s_per_byte=line.beta_s_per_byte / slowdown)
        for line in _with_overheads(pieces, probes, rank_ports)
    ]
    return Link(
        lines[0].alpha_s,
        lines[0].beta_s_per_byte,
        rank_ports=rank_ports,
        node_ports=node_ports,
        protocols=tuple(lines[1:]),
        overhead_s=lines[0].overhead_s,
        members=loaded[0].members if loaded[0].link == "intra" else 0,
        credit_bytes=hinge * loaded[0].rounds * _per_node(loaded[0]),
    )


def _sharing(probes: Sequence[Probe]) -> tuple[float, float]:
    """Return how much slower bytes are all at once, and the ports of a node."""
    pairs, loaded = _shaped(probes, "pair"), _loaded(probes)
    alone = [p for p in pairs if p.pairs == 1]
    counts = sorted({p.pairs for p in pairs if p.pairs > 1})
    several = [[p for p in pairs if p.pairs == count] for count in counts]
    more = [
        one for one in (*several, loaded) if _per_node(one[0]) > _per_node(alone[0])
    ]
    if not more:
        return 1.0, inf
    slowdowns = [_bulk_ratio(one, alone) for one in more]
    if slowdowns[-1] <= SHARED:
        return 1.0, inf
    ports = [
        _per_node(one[0]) / slowdown
        for one, slowdown in zip(more, slowdowns, strict=True)
        if slowdown > SHARED
    ]
    return slowdowns[-1], float(np.median(ports))


def _per_node(probe: Probe) -> int:
    """Return the messages that leave a node in a round; inside, both ends are there."""
    if probe.link == "inter":
        return probe.pairs
    return 2 * probe.pairs if probe.shape == "pair" else probe.members


def _with_overheads(
    lines: Sequence[Protocol], probes: Sequence[Probe], rank_ports: float
) -> list[Protocol]:
    """Return the lines with what fans show; 0 where there is none, or it shows less.

    A line that only holds in bulk has the overhead of the one before.
    """
    fan = _shaped(probes, "fan")
    if not fan:
        return list(lines)
    size, time = _times(fan)
    further = time - _times(_loaded(probes))[1]
    messages = _sent(fan[0])
    bytes_s = lines_at(lines, size, "beta_s_per_byte") * size
    excess = (further - (messages / rank_ports - 1) * bytes_s) / (messages - 1)
    small = size <= max(LATENCY_BYTES, size[0])
    found, last = [], 0.0
    for line, end in zip(lines, [*(n.from_bytes for n in lines[1:]), inf], strict=True):
        here = small & (size >= line.from_bytes) & (size < end)
        if here.any():
            last = max(0.0, float(np.median(excess[here])))
        found.append(replace(line, overhead_s=last))
    return found


def _sent(probe: Probe) -> int:
    """Return the messages of a rank in a round of a fan."""
    return max(2, probe.members - 1)


def _rank_ports(probes: Sequence[Probe]) -> float:
    """Return how many messages of a rank go side by side at the speed of one."""
    fan = _shaped(probes, "fan")
    if not fan:
        return 1.0
    messages = _sent(fan[0])
    ports = messages / _bulk_ratio(fan, _loaded(probes))
    return float(np.clip(ports, 1.0, messages))


def _loaded(probes: Sequence[Probe]) -> list[Probe]:
    """Return the probes in which each rank sends one message."""
    most = max(probe.pairs for probe in probes)
    pairs = [p for p in _shaped(probes, "pair") if p.pairs == most]
    return _shaped(probes, "ring") or pairs


def _shaped(probes: Sequence[Probe], shape: str) -> list[Probe]:
    return [probe for probe in probes if probe.shape == shape]


def _bulk_ratio(probes: Sequence[Probe], others: Sequence[Probe]) -> float:
    """Return how much longer probes take than others of their sizes, in bulk."""
    times = [_times(kind)[1] for kind in (probes, others)]
    bulk = np.logical_and(*(time >= BULK * time.min() for time in times))
    bulk[-1] = True
    return float(np.median((times[0] / times[1])[bulk]))


def _times(probes: Sequence[Probe]) -> tuple[Floats, Floats]:
    return _columns(sorted((p.message_bytes, p.time_s) for p in probes))


def _columns(points: Adds) -> tuple[Floats, Floats]:
    size, time = np.array(points, dtype=np.float64).T
    return size, time
