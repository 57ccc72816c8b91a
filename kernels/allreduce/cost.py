"""The time of a schedule on given links: clocks that advance round by round.

A rank enters a round when all it sent and received before is done. A message starts
when both its ends are in the round, and then takes

    alpha + bytes beta of the fullest port on its way: of the rank or node that sends,
    of the rank or node that receives

Messages of one round share ports as if they were served evenly to the end; a port of
a node serves a later round only when it is through with the one before. What arrives
is added when all has arrived. The last clock is the time; the chain of
messages that held it up is the critical path. Ports inside a node and those between
nodes are different ones, so that their transfers overlap.

Rings and halvings reach the textbook forms exactly (Thakur, Rabenseifner and Gropp,
2005; Chan, Heimlich, Purkayastha and van de Geijn, 2007): see `closed_form`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.allreduce.links import Floats, Links
from tenbin.kernels.allreduce.schedule import Schedule
from tenbin.kernels.allreduce.traffic import moved_elements

Ints = NDArray[np.int_]
INTRA, INTER = 0, 1


@dataclass(frozen=True)
class Hop:
    """One message of the critical path; times in seconds.

    `port_bytes` are the bytes its fullest port carries, divided by the port count;
    `added_bytes` those that the rank which went on had to add after it. `transfer_s`
    counts waiting for a port of the node, too.
    """

    round: int
    src: int
    dst: int
    off_node: bool
    port_bytes: float
    added_bytes: int
    latency_s: float
    transfer_s: float
    add_s: float


@dataclass(frozen=True)
class Prediction:
    """The predicted time in seconds, and the critical path it is made of."""

    time_s: float
    path: tuple[Hop, ...]

    @property
    def latency_s(self) -> float:
        """Return the part of the time that no bandwidth shortens."""
        return sum(hop.latency_s for hop in self.path)

    @property
    def transfer_s(self) -> float:
        """Return the part of the time spent on bytes in flight."""
        return sum(hop.transfer_s for hop in self.path)

    @property
    def add_s(self) -> float:
        """Return the part of the time spent adding."""
        return sum(hop.add_s for hop in self.path)


@dataclass(frozen=True, eq=False)
class Messages:
    """The messages of one round, as columns (m,)."""

    src: Ints
    dst: Ints
    off: Ints  # INTRA or INTER
    size: Ints  # bytes
    added: Ints  # bytes

    def same(self, other: "Messages | None") -> bool:
        """Return whether two rounds load all ports alike, as those of a ring do."""
        names = ("src", "dst", "size", "added")
        return other is not None and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in names
        )


@dataclass(frozen=True, eq=False)
class Load:
    """What the messages of a round cost: columns (m,), and adding (ranks,).

    `leaves` and `enters` number the node ports of each message, `busy_s` (ports,) is
    how long the round keeps each of them.
    """

    latency_s: Floats
    transfer_s: Floats
    port_bytes: Floats
    add_s: Floats
    added: Floats
    leaves: Ints
    enters: Ints
    busy_s: Floats

    @cached_property
    def travel_s(self) -> Floats:
        """Return the time from the start of each message to its end."""
        return self.latency_s + self.transfer_s


@dataclass(frozen=True, eq=False)
class Round:
    """What the critical path needs to know of a round.

    `held_by` (ranks,) is the message each rank waited for, or -1; `late` (m,) the end
    of each message that came last to it; `travelled_s` (m,) from there to its arrival.
    """

    number: int
    messages: Messages
    load: Load
    held_by: Ints
    late: Ints
    travelled_s: Floats


def predict(
    schedule: Schedule,
    nodes: Sequence[int] | Ints,
    message_bytes: int,
    itemsize: int,
    links: Links,
) -> Prediction:
    """Return the time of a schedule for a message on every rank, in seconds.

    Rank r is on node `nodes[r]`; the message is cut between elements of `itemsize`
    bytes, exactly as `lower` cuts it.
    """
    place = np.asarray(nodes)
    clock = np.zeros(schedule.ranks)
    nodes_used = int(place.max(initial=0)) + 1
    free = np.full(4 * nodes_used, -np.inf)  # when node ports are
    credit_s = np.tile([links.intra.credit_s, links.inter.credit_s], 2 * nodes_used)
    history: list[Round] = []
    before: Messages | None = None
    for number, messages in _rounds(schedule, place, message_bytes, itemsize):
        if not messages.same(before):
            load = _load(messages, place, schedule.ranks, message_bytes, links)
        before = messages
        clock, free, held_by, late, end = _advance(
            clock, free, credit_s, messages, load
        )
        history.append(Round(number, messages, load, held_by, late, end))
    return Prediction(float(clock.max(initial=0.0)), _path(history, clock))


def _rounds(
    schedule: Schedule, place: Ints, message_bytes: int, itemsize: int
) -> Iterator[tuple[int, Messages]]:
    """Yield the number and the messages of each round that moves anything."""
    rows = schedule.rows
    size = moved_elements(schedule, message_bytes // itemsize) * itemsize
    src, dst = rows["src"].astype(np.int_), rows["dst"].astype(np.int_)
    columns = [
        src,
        dst,
        (place[src] != place[dst]).astype(np.int_),
        size,
        np.where(rows["reduce"], size, 0),
    ]
    if not size.all():
        columns = [np.where(size > 0, column, -1) for column in columns]
    for number, (first, last) in enumerate(
        zip(schedule.starts[:-1], schedule.starts[1:], strict=True)
    ):
        part = [column[first:last] for column in columns]
        if part[0].min(initial=0) < 0:
            part = [column[part[0] >= 0] for column in part]
        if len(part[0]):
            yield number, Messages(*part)


def _load(
    messages: Messages, place: Ints, ranks: int, buffer_bytes: int, links: Links
) -> Load:
    """Fill the ports of ranks and nodes with the bytes of a round."""
    off, size = messages.off, messages.size
    both = (links.intra, links.inter)
    alpha = np.choose(off, [link.alpha(size) for link in both])
    overhead = np.choose(off, [link.overhead(size) for link in both])
    beta = np.choose(off, [link.beta(size, buffer_bytes) for link in both])
    alone = beta * size
    seconds, carried = alone.astype(np.float64), size.astype(np.float64)
    per_rank = np.array([link.rank_ports for link in both])[off]
    per_node = np.array([link.node_ports for link in both])[off]
    for end, ports in (
        (messages.src, per_rank),
        (messages.dst, per_rank),
        (place[messages.src], per_node),
        (place[messages.dst], per_node),
    ):
        port = 2 * end + off
        full = np.bincount(port, alone)[port] / ports
        load = np.bincount(port, size)[port] / ports
        carried = np.where(full > seconds, load, carried)
        seconds = np.maximum(seconds, full)
    credit_s = np.array([link.credit_s for link in both])[off]
    added = np.bincount(messages.dst, messages.added, ranks).astype(np.float64)
    adding = links.adding(messages.added, buffer_bytes)
    turns = np.bincount(messages.src, minlength=ranks)[messages.src] - 1
    leaves, enters = 4 * place[messages.src] + off, 4 * place[messages.dst] + 2 + off
    count = 4 * (int(place.max(initial=0)) + 1)
    share = (alone / per_node).astype(np.float64)
    busy_s = np.bincount(leaves, share, count) + np.bincount(enters, share, count)
    return Load(
        latency_s=alpha + overhead * turns,
        transfer_s=np.maximum(seconds - credit_s, 0.0),
        port_bytes=carried,
        add_s=np.bincount(messages.dst, adding, ranks).astype(np.float64),
        added=added,
        leaves=leaves,
        enters=enters,
        busy_s=busy_s.astype(np.float64),
    )


def _advance(
    clock: Floats, free: Floats, credit_s: Floats, messages: Messages, load: Load
) -> tuple[Floats, Floats, Ints, Ints, Floats]:
    """Return the clocks of ranks and node ports after a round, and what held them up.

    The last three are `held_by`, `late` and `travelled_s` of `Round`.
    """
    src, dst = messages.src, messages.dst
    late = np.where(clock[src] > clock[dst], src, dst)
    start = clock[late]
    end = start + load.travel_s
    if load.busy_s.any():
        free = _serve(free, credit_s, start, load)
        through = np.maximum(free[load.leaves], free[load.enters])
        end = np.maximum(end, through + load.latency_s)
    done = clock.copy()
    np.maximum.at(done, src, end)
    np.maximum.at(done, dst, end)
    held_by = np.full(len(clock), -1)
    for side in (src, dst):
        last = np.flatnonzero(end >= done[side])
        held_by[side[last]] = last
    done[dst] += load.add_s[dst]  # once for each rank, however many rows it has
    return done, free, held_by, late, end - start


def _serve(free: Floats, credit_s: Floats, start: Floats, load: Load) -> Floats:
    """Return when the ports of nodes are through with a round."""
    begin = np.full(len(free), np.inf)
    np.minimum.at(begin, load.leaves, start)
    np.minimum.at(begin, load.enters, start)
    used = load.busy_s > 0
    return np.where(used, np.maximum(free, begin - credit_s) + load.busy_s, free)


def _path(history: Sequence[Round], clock: Floats) -> tuple[Hop, ...]:
    """Walk back from the rank that was last, over what each waited for."""
    rank = int(clock.argmax()) if len(clock) else 0
    path = []
    for one in reversed(history):
        message = int(one.held_by[rank])
        if message < 0:
            continue
        path.append(_hop(one, message, rank))
        rank = int(one.late[message])
    return tuple(reversed(path))


def _hop(one: Round, message: int, rank: int) -> Hop:
    messages, load = one.messages, one.load
    latency_s = float(load.latency_s[message])
    return Hop(
        round=one.number,
        src=int(messages.src[message]),
        dst=int(messages.dst[message]),
        off_node=bool(messages.off[message]),
        port_bytes=float(load.port_bytes[message]),
        added_bytes=int(load.added[rank]),
        latency_s=latency_s,
        transfer_s=float(one.travelled_s[message]) - latency_s,
        add_s=float(load.add_s[rank]),
    )
