"""The closed form of a schedule's time: a polynomial in alpha, beta, gamma and n.

The critical path of `predict`, counted instead of timed: how many latencies, which
fraction of the n bytes through the fullest ports, which fraction added. Exact where
the path does not depend on the numbers and no port is still busy with a round before,
as in rings, halvings and their hierarchies.

    4 ranks, a ring        6 alpha + 3/2 n beta + 3/4 n gamma
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.allreduce.cost import Hop, predict
from tenbin.kernels.allreduce.links import Links
from tenbin.kernels.allreduce.schedule import Schedule

TYPICAL_CHUNK_BYTES = 2**16  # decides the path where it does depend on the size


@dataclass(frozen=True)
class Term:
    """Steps over one kind of link, and n bytes over its fullest ports."""

    steps: int
    share: Fraction

    def time_s(self, message_bytes: int, alpha_s: float, beta: float) -> float:
        """Return the seconds of this term."""
        return self.steps * alpha_s + float(self.share) * message_bytes * beta


@dataclass(frozen=True)
class ClosedForm:
    """The time of a schedule as a polynomial; `added` is the share of n added."""

    intra: Term
    inter: Term
    added: Fraction

    def time_s(self, message_bytes: int, links: Links) -> float:
        """Return the seconds for a message, without protocols and overhead."""
        inside, across = links.intra, links.inter
        return (
            self.intra.time_s(message_bytes, inside.alpha_s, inside.beta_s_per_byte)
            + self.inter.time_s(message_bytes, across.alpha_s, across.beta_s_per_byte)
            + float(self.added) * message_bytes * links.gamma_s_per_byte
        )

    def __str__(self) -> str:
        """Write the polynomial; links get names only where there are two kinds."""
        kinds = {"intra": self.intra, "inter": self.inter}
        used = {name: term for name, term in kinds.items() if term.steps}
        parts = []
        for name, term in used.items():
            kind = f"_{name}" if len(used) > 1 else ""
            parts += [f"{term.steps} alpha{kind}", f"{term.share} n beta{kind}"]
        return " + ".join([*parts, f"{self.added} n gamma"])


def closed_form(
    schedule: Schedule, nodes: Sequence[int] | NDArray[np.int_], links: Links
) -> ClosedForm:
    """Return the polynomial on the critical path that `links` give.

    Their ports count, and where the path depends on them, so do alpha, beta and gamma.
    """
    message_bytes = schedule.chunks * TYPICAL_CHUNK_BYTES
    path = predict(schedule, nodes, message_bytes, TYPICAL_CHUNK_BYTES, links).path
    added = Fraction(sum(hop.added_bytes for hop in path), message_bytes)
    inside = [hop for hop in path if not hop.off_node]
    across = [hop for hop in path if hop.off_node]
    return ClosedForm(_term(inside, message_bytes), _term(across, message_bytes), added)


def _term(path: list[Hop], message_bytes: int) -> Term:
    carried = sum(
        (Fraction(hop.port_bytes).limit_denominator(2**40) for hop in path),
        Fraction(0),
    )
    share = (carried / message_bytes).limit_denominator(2**20)
    return Term(len(path), share)
