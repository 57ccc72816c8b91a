"""GemmProblem: C (m, n) = op(A) (m, k) op(B) (k, n), and the axes of a study."""

from dataclasses import dataclass, replace
from itertools import product

import msgspec

from tenbin.axes import swept
from tenbin.case import Work
from tenbin.dtypes import result, storage
from tenbin.errors import UsageError, unknown

TRANSPOSES = ("nn", "tn", "nt", "tt")


@dataclass(frozen=True)
class GemmProblem:
    """One matrix product; `transpose` says which of A and B is stored transposed.

    Raises UsageError, naming the key, for a size below 1 or an unknown transpose.

    >>> GemmProblem(1760, 128, 1760).label
    '1760x128x1760-nn'
    """

    m: int
    n: int
    k: int
    transpose: str = "nn"

    def __post_init__(self) -> None:
        for key, size in (("m", self.m), ("n", self.n), ("k", self.k)):
            if size < 1:
                raise UsageError(f"gemm: {key} = {size} is not a size; at least 1")
        if self.transpose not in TRANSPOSES:
            raise unknown("gemm transpose", repr(self.transpose), TRANSPOSES)

    @property
    def label(self) -> str:
        """Return the sizes and the transposes, in the order m n k."""
        return f"{self.m}x{self.n}x{self.k}-{self.transpose}"

    @property
    def flops(self) -> int:
        """Return 2 m n k: one multiplication and one addition per product."""
        return 2 * self.m * self.n * self.k

    @property
    def elements(self) -> int:
        """Return the elements of A, B and C together."""
        return self.m * self.k + self.k * self.n + self.m * self.n

    def work(self, dtype: str) -> Work:
        """Return the flops and the compulsory bytes: A and B read, C written once."""
        out = self.m * self.n
        stored, kept = storage(dtype).itemsize, storage(result(dtype)).itemsize
        return Work(self.flops, (self.elements - out) * stored + out * kept)

    def times(self, factor: int) -> "GemmProblem":
        """Return the problem with `factor` times the columns (the batch)."""
        return replace(self, n=self.n * factor)

    def block(self, ranks: int, rank: int) -> tuple[range, range]:
        """Return the rows and columns of C that `rank` computes.

        The batch columns are split as evenly as possible; the rows where there are
        fewer columns than ranks.

        >>> GemmProblem(4, 10, 3).block(4, 1)
        (range(0, 4), range(2, 5))
        >>> GemmProblem(8, 1, 3).block(4, 1)
        (range(2, 4), range(0, 1))
        """
        if self.n >= ranks:
            return range(self.m), _part(self.n, ranks, rank)
        return _part(self.m, ranks, rank), range(self.n)

    def shard(self, ranks: int, rank: int) -> "GemmProblem":
        """Return the share of `rank`; raise UsageError where a rank would get none."""
        if max(self.m, self.n) < ranks:
            raise UsageError(f"gemm: {self.label} cannot be split over {ranks} ranks")
        rows, columns = self.block(ranks, rank)
        return replace(self, m=len(rows), n=len(columns))


def _part(size: int, parts: int, index: int) -> range:
    return range(size * index // parts, size * (index + 1) // parts)


class GemmAxes(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The keys of a study: each one value, or a list to sweep."""

    m: int | list[int]
    n: int | list[int]
    k: int | list[int]
    transpose: str | list[str] = "nn"


def expand(axes: GemmAxes) -> tuple[GemmProblem, ...]:
    """Return every combination of the axes; raise UsageError for an empty list.

    >>> [problem.label for problem in expand(GemmAxes(m=8, n=[1, 2], k=4))]
    ['8x1x4-nn', '8x2x4-nn']
    """
    points = product(*swept("gemm", axes).values())
    return tuple(GemmProblem(*point) for point in points)
