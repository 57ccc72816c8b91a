"""Links from probes: the parameters that make the model agree with ping-pongs.

    all at once     alpha, beta and their breakpoints, as algorithms load the links:
                    rings, or pairs where there are no three ranks to make one
    one pair        how much faster it is alone: the ports that a node's ranks share
    fans            overhead, what each further message of a round costs its sender;
                    ports of a rank, how many of them go side by side
    additions       gamma and its breakpoints, on all ranks at once

The error of a fit is that of its predictions at sizes left out of it. Where all at once
take no longer than one pair, the node has a port for each.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from tenbin.errors import NoDataError
from tenbin.kernels.allreduce.adding import Adds
from tenbin.kernels.allreduce.links import Floats, Link, Links
from tenbin.kernels.allreduce.pieces import fit_pieces, time_of
from tenbin.kernels.allreduce.pingpong import LINKS, Probe

LEFT_OUT = 3  # every third size judges the fit of the others
SHARED = 1.1  # pairs that slow each other by less have ports of their own
BULK_BYTES = 2**16  # and more: bandwidth decides
SMALL_BYTES = 2**10  # and less: latency does


def fit_links(probes: Sequence[Probe], adds: Adds) -> Links:
    """Return the links of a machine, with the hold-out error of the fit.

    Raises NoDataError without a probe. A machine of one node, or of one rank per
    node, gets the same link twice.
    """
    of_link = {link: [p for p in probes if p.link == link] for link in LINKS}
    kinds = [kind for kind in of_link.values() if kind]
    if not kinds:
        raise NoDataError("no pair of ranks was probed: start at least 2")
    known = [fit_link(kind) for kind in kinds]  # in the order of LINKS
    overheads = [overhead for kind in kinds if (overhead := _overhead(kind))]
    first, *later = fit_pieces(*_columns(adds))
    return Links(
        known[0],
        known[-1],
        gamma_s_per_byte=first.beta_s_per_byte,
        add_s=first.alpha_s,
        adds=tuple(later),
        overhead_s=float(np.median(overheads)) if overheads else 0.0,
        error_share=float(np.median(np.concatenate(list(map(_hold_out, kinds))))),
    )


def fit_link(probes: Sequence[Probe]) -> Link:
    """Return one class of links from its probes."""
    loaded = _loaded(probes)
    size, time = _times(loaded)
    slowdown, ports = _sharing(probes)
    first, *later = (
        replace(piece, beta_s_per_byte=piece.beta_s_per_byte / slowdown)
        for piece in fit_pieces(size, time)
    )
    return Link(
        first.alpha_s,
        first.beta_s_per_byte,
        rank_ports=_rank_ports(probes),
        node_ports=ports,
        protocols=tuple(later),
    )


def _sharing(probes: Sequence[Probe]) -> tuple[float, float]:
    """Return how much slower bytes are all at once, and the ports of a node."""
    loaded = _loaded(probes)
    alone = [p for p in _shaped(probes, "pair") if p.pairs == 1]
    messages = _per_node(loaded[0])
    if messages == _per_node(alone[0]):
        return 1.0, inf
    slowdown = float(np.median(_in_bulk(loaded) / _in_bulk(alone)))
    return (slowdown, messages / slowdown) if slowdown > SHARED else (1.0, inf)


def _per_node(probe: Probe) -> int:
    """Return the messages that leave a node in a round; inside, both ends are there."""
    if probe.link == "inter":
        return probe.pairs
    return 2 * probe.pairs if probe.shape == "pair" else probe.members


def _overhead(probes: Sequence[Probe]) -> float:
    """Return the seconds of each message beyond the first, 0 where nothing shows it."""
    fan = _shaped(probes, "fan")
    if not fan:
        return 0.0
    size, time = _times(fan)
    small = size <= max(SMALL_BYTES, size[0])
    further = (time - _times(_loaded(probes))[1])[small] / (fan[0].members - 2)
    return max(0.0, float(np.median(further)))


def _rank_ports(probes: Sequence[Probe]) -> float:
    """Return how many messages of a rank go side by side at the speed of one."""
    fan = _shaped(probes, "fan")
    if not fan:
        return 1.0
    messages = fan[0].members - 1
    ports = messages * np.median(_in_bulk(_loaded(probes)) / _in_bulk(fan))
    return float(np.clip(ports, 1.0, messages))


def _hold_out(probes: Sequence[Probe]) -> Floats:
    """Return the relative errors at the sizes left out, all at once."""
    size, time = _times(_loaded(probes))
    judged = np.arange(size.size) % LEFT_OUT == LEFT_OUT - 2
    pieces = fit_pieces(size[~judged], time[~judged])
    return np.asarray(np.abs(time_of(pieces, size[judged]) / time[judged] - 1.0))


def _loaded(probes: Sequence[Probe]) -> list[Probe]:
    """Return the probes in which each rank sends one message."""
    most = max(probe.pairs for probe in probes)
    pairs = [p for p in _shaped(probes, "pair") if p.pairs == most]
    return _shaped(probes, "ring") or pairs


def _shaped(probes: Sequence[Probe], shape: str) -> list[Probe]:
    return [probe for probe in probes if probe.shape == shape]


def _in_bulk(probes: Sequence[Probe]) -> Floats:
    size, time = _times(probes)
    return np.asarray(time[size >= min(BULK_BYTES, size[-1])])


def _times(probes: Sequence[Probe]) -> tuple[Floats, Floats]:
    return _columns(sorted((p.message_bytes, p.time_s) for p in probes))


def _columns(points: Adds) -> tuple[Floats, Floats]:
    size, time = np.array(points, dtype=np.float64).T
    return size, time
