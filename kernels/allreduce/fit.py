"""Links from probes: the parameters that make the model agree with ping-pongs.

    all pairs at once   alpha, beta and their breakpoints, as algorithms load the links
    one pair            how much faster it is alone: the ports that a node's pairs share
    additions           gamma, on all ranks at once

The error of a fit is that of its predictions at sizes left out of it. Where all pairs
take no longer than one, the node has a port for each.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from tenbin.errors import NoDataError
from tenbin.kernels.allreduce.links import Link, Links, Protocol
from tenbin.kernels.allreduce.pieces import Floats, Piece, fit_line, fit_pieces, time_of
from tenbin.kernels.allreduce.pingpong import LINKS, Probe

LEFT_OUT = 3  # every third size judges the fit of the others
SHARED = 1.1  # pairs that slow each other by less have ports of their own
BULK_BYTES = 2**16  # and more: bandwidth decides

Adds = Sequence[tuple[int, float]]


def fit_links(probes: Sequence[Probe], adds: Adds) -> Links:
    """Return the links of a machine, with the hold-out error of the fit.

    Raises NoDataError without a probe. A machine of one node, or of one rank per
    node, gets the same link twice.
    """
    errors = [_hold_out(probes, link) for link in LINKS if _of(probes, link)]
    if not errors:
        raise NoDataError("no pair of ranks was probed: start at least 2")
    links = _fit(probes, adds)
    return replace(links, error_share=float(np.median(np.concatenate(errors))))


def _fit(probes: Sequence[Probe], adds: Adds) -> Links:
    found = {link: fit_link(_of(probes, link), link) for link in LINKS}
    known = [link for link in found.values() if link is not None]
    gamma = fit_line(*_columns(adds))[1] if adds else 0.0
    return Links(found["intra"] or known[0], found["inter"] or known[0], gamma)


def fit_link(probes: Sequence[Probe], link: str) -> Link | None:
    """Return one class of links from its probes, None without any."""
    if not probes:
        return None
    all_pairs = max(probe.pairs for probe in probes)
    loaded, alone = _times(probes, all_pairs), _times(probes, 1)
    pieces = fit_pieces(*loaded)
    slowdown, ports = 1.0, inf
    if all_pairs > 1:
        bulk = loaded[0] >= min(BULK_BYTES, loaded[0][-1])
        slowdown = float(np.median(loaded[1][bulk] / alone[1][bulk]))
        slowdown = slowdown if slowdown > SHARED else 1.0
        both_ways = 2 if link == "intra" else 1  # inside, both ends load one node
        ports = both_ways * all_pairs / slowdown if slowdown > 1.0 else inf
    return _link(pieces, slowdown, ports)


def _link(pieces: Sequence[Piece], slowdown: float, ports: float) -> Link:
    first, *later = (
        Protocol(piece.first_bytes, piece.alpha_s, piece.beta_s_per_byte / slowdown)
        for piece in pieces
    )
    return Link(
        first.alpha_s,
        first.beta_s_per_byte,
        node_ports=ports,
        protocols=tuple(later),
    )


def _hold_out(probes: Sequence[Probe], link: str) -> Floats:
    """Return the relative errors at the sizes left out, all pairs at once."""
    mine = _of(probes, link)
    size, time = _times(mine, max(probe.pairs for probe in mine))
    judged = np.arange(size.size) % LEFT_OUT == LEFT_OUT - 2
    pieces = fit_pieces(size[~judged], time[~judged])
    return np.asarray(np.abs(time_of(pieces, size[judged]) / time[judged] - 1.0))


def _of(probes: Sequence[Probe], link: str) -> list[Probe]:
    return [probe for probe in probes if probe.link == link]


def _times(probes: Sequence[Probe], pairs: int) -> tuple[Floats, Floats]:
    mine = [(p.message_bytes, p.time_s) for p in probes if p.pairs == pairs]
    return _columns(sorted(mine))


def _columns(points: Adds) -> tuple[Floats, Floats]:
    size, time = np.array(points, dtype=np.float64).T
    return size, time
