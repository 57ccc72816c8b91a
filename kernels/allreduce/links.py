"""Links: what a message costs inside a node and between nodes (alpha, beta, gamma).

    a message of m bytes       alpha + m beta
    one more of the round      overhead + m beta
    the bytes of one rank      share `rank_ports` ports of that speed, each way
    the bytes of one node      share `node_ports` ports of that speed, each way, beyond
                               `credit_bytes` that pass at once after a rest
    adding m bytes             add + m gamma

Hockney's model with ports, and LogGP's o. Further `Protocol`s bend the line where a
library changes its way of sending, or where a buffer leaves the cache: bytes of a
buffer that `members` ranks cut are at least as slow as those of messages as long as its
part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Protocol:
    """The line that holds for messages of `from_bytes` and more.

    `overhead_s` is alpha of each message beyond the first in a round of its rank.
    """

    from_bytes: int
    alpha_s: float
    beta_s_per_byte: float
    overhead_s: float = 0.0


@dataclass(frozen=True)
class Link:
    """One class of links: a line, the ports that share it, and later protocols.

    `rank_ports`: transfers of one rank at full speed side by side; `node_ports`: those
    of one node. `protocols` are in the order of their sizes. `members` cut the buffers
    that it was measured in; 0 where only the length of a message counts.
    """

    alpha_s: float
    beta_s_per_byte: float
    rank_ports: float = 1.0
    node_ports: float = inf
    protocols: tuple[Protocol, ...] = ()
    overhead_s: float = 0.0
    members: int = 0
    credit_bytes: float = 0.0

    @property
    def credit_s(self) -> float:
        """Return the seconds by which the ports of a node may lag behind the bytes."""
        if not self.credit_bytes:
            return 0.0
        return self.credit_bytes * self.lines[-1].beta_s_per_byte / self.node_ports

    @property
    def lines(self) -> tuple[Protocol, ...]:
        """Return all lines; the first holds from the shortest message on."""
        first = Protocol(0, self.alpha_s, self.beta_s_per_byte, self.overhead_s)
        return (first, *self.protocols)

    def alpha(self, message_bytes: ArrayLike) -> Floats:
        """Return the latency of messages in seconds, same shape."""
        return lines_at(self.lines, message_bytes, "alpha_s")

    def overhead(self, message_bytes: ArrayLike) -> Floats:
        """Return the seconds of further messages in a round, same shape."""
        return lines_at(self.lines, message_bytes, "overhead_s")

    def beta(self, message_bytes: ArrayLike, buffer_bytes: int = 0) -> Floats:
        """Return the seconds per byte of messages out of a buffer, same shape."""
        size = as_long_as(message_bytes, buffer_bytes, self.members)
        return lines_at(self.lines, size, "beta_s_per_byte")


def as_long_as(message_bytes: ArrayLike, buffer_bytes: int, members: int) -> Floats:
    """Return the length of messages whose bytes are as fast as those of a buffer."""
    part = buffer_bytes / members if members else 0.0
    return np.maximum(np.asarray(message_bytes, dtype=np.float64), part)


def lines_at(lines: Sequence[Protocol], size: ArrayLike, name: str) -> Floats:
    """Return a figure of the lines that hold for messages, same shape."""
    figures = np.array([getattr(line, name) for line in lines], dtype=np.float64)
    edges = [line.from_bytes for line in lines[1:]]
    which = np.searchsorted(edges, np.asarray(size), side="right")
    return np.asarray(figures[which])


@dataclass(frozen=True)
class Links:
    """The links of a machine; `error_share` is the spread of predictions made of it.

    `gamma_s_per_byte` counts bytes added, once each; `add_s` is the overhead of each
    addition, `adds` the lines that hold from their sizes on. `error_share` 0.15 means
    that a prediction is good to 15 %; 0 where nobody has measured it.
    """

    intra: Link
    inter: Link
    gamma_s_per_byte: float = 0.0
    error_share: float = 0.0
    add_s: float = 0.0
    adds: tuple[Protocol, ...] = ()

    def adding(self, added_bytes: ArrayLike, buffer_bytes: int = 0) -> Floats:
        """Return the seconds of additions in a buffer, same shape; nothing is free."""
        added = np.asarray(added_bytes, dtype=np.float64)
        lines = (Protocol(0, self.add_s, self.gamma_s_per_byte), *self.adds)
        long = as_long_as(added, buffer_bytes, self.intra.members)
        overhead = lines_at(lines, added, "alpha_s")
        gamma = lines_at(lines, long, "beta_s_per_byte")
        return np.where(added > 0, overhead + gamma * added, 0.0)
