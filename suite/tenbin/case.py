"""A case: what one line of output stands for."""

from dataclasses import dataclass
from typing import Protocol

SCALINGS = ("fixed", "strong", "weak")


@dataclass(frozen=True)
class Work:
    """What a problem costs in total, over all ranks; None where it has no meaning.

    `flops` counts additions and multiplications, `bytes` the compulsory traffic
    (each operand once), `message_bytes` the buffer on one rank.
    """

    flops: int | None = None
    bytes: int | None = None
    message_bytes: int | None = None


class Problem(Protocol):
    """One size of a kernel: a frozen dataclass in the letters of its field."""

    @property
    def label(self) -> str:
        """Return a short name without `/` or spaces, unique among the problems."""
        ...

    def work(self, dtype: str) -> Work:
        """Return what the problem costs."""
        ...

    def times(self, factor: int) -> "Problem":
        """Return the problem with `factor` times the work, for weak scaling."""
        ...


@dataclass(frozen=True)
class Case:
    """A problem x variant x dtype x placement.

    `problem` is the whole problem for `fixed` and `strong` scaling, the share of one
    rank for `weak`. Nodes hold `ranks_per_node` ranks each; `ranks` is a multiple.
    """

    kernel: str
    variant: str
    dtype: str
    problem: Problem
    ranks: int = 1
    ranks_per_node: int = 1
    scaling: str = "fixed"

    @property
    def nodes(self) -> int:
        """Return the number of nodes asked for."""
        return self.ranks // self.ranks_per_node

    @property
    def whole(self) -> Problem:
        """Return the problem that all ranks solve together."""
        if self.scaling == "weak":
            return self.problem.times(self.ranks)
        return self.problem

    @property
    def key(self) -> str:
        """Return the stable, readable name of the case."""
        place = f"{self.ranks_per_node}x{self.nodes}"
        parts = (self.kernel, self.variant, self.dtype, self.problem.label)
        return "/".join((*parts, self.scaling, place))
