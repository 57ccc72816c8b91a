"""Links: what a message costs inside a node and between nodes (alpha, beta, gamma).

    a message of m bytes       alpha + m beta
    the bytes of one rank      share `rank_ports` ports of that speed, each way
    the bytes of one node      share `node_ports` ports of that speed, each way
    adding m bytes             add + m gamma

Hockney's model with ports; `Protocol` bends the line where a library changes its way
of sending, `overhead_s` is LogGP's o: what each message beyond the first costs a rank.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Protocol:
    """The line that holds for messages of `from_bytes` and more."""

    from_bytes: int
    alpha_s: float
    beta_s_per_byte: float


@dataclass(frozen=True)
class Link:
    """One class of links: a line, the ports that share it, and later protocols.

    `rank_ports`: transfers of one rank at full speed side by side; `node_ports`: those
    of one node. `protocols` are in the order of their sizes.
    """

    alpha_s: float
    beta_s_per_byte: float
    rank_ports: float = 1.0
    node_ports: float = inf
    protocols: tuple[Protocol, ...] = ()

    def alpha(self, message_bytes: ArrayLike) -> Floats:
        """Return the latency of messages in seconds, same shape."""
        return self._lines(message_bytes)[0]

    def beta(self, message_bytes: ArrayLike) -> Floats:
        """Return the seconds per byte of messages, same shape."""
        return self._lines(message_bytes)[1]

    def _lines(self, message_bytes: ArrayLike) -> tuple[Floats, Floats]:
        first = Protocol(0, self.alpha_s, self.beta_s_per_byte)
        return lines_at((first, *self.protocols), message_bytes)


def lines_at(
    protocols: Sequence[Protocol], message_bytes: ArrayLike
) -> tuple[Floats, Floats]:
    """Return alpha and beta that hold for messages; the first holds below it, too."""
    alpha = np.array([protocol.alpha_s for protocol in protocols])
    beta = np.array([protocol.beta_s_per_byte for protocol in protocols])
    edges = [protocol.from_bytes for protocol in protocols[1:]]
    which = np.searchsorted(edges, np.asarray(message_bytes), side="right")
    return alpha[which], beta[which]


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
    overhead_s: float = 0.0
    error_share: float = 0.0
    add_s: float = 0.0
    adds: tuple[Protocol, ...] = ()

    def adding(self, added_bytes: ArrayLike) -> Floats:
        """Return the seconds of additions, same shape; adding nothing is free."""
        added = np.asarray(added_bytes)
        first = Protocol(0, self.add_s, self.gamma_s_per_byte)
        overhead, gamma = lines_at((first, *self.adds), added)
        return np.where(added > 0, overhead + gamma * added, 0.0)
