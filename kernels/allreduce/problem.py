"""AllreduceProblem: the sum of one buffer over all ranks, and the axes of a study."""

from dataclasses import dataclass

import msgspec

from tenbin.case import Problem, Work
from tenbin.dtypes import storage
from tenbin.errors import UsageError
from tenbin.units import BINARY, parse_sizes


@dataclass(frozen=True)
class AllreduceProblem:
    """A message of `message_bytes` on every rank, under a name where it has one."""

    message_bytes: int
    name: str = ""

    def __post_init__(self) -> None:
        if self.message_bytes < 0:
            raise UsageError(f"allreduce: {self.message_bytes} bytes is not a size")

    @property
    def label(self) -> str:
        """Return the name, or the size without rounding.

        >>> AllreduceProblem(65536).label, AllreduceProblem(65540).label
        ('64KiB', '65540B')
        """
        whole = [
            unit for unit, size in BINARY.items() if self.message_bytes % size == 0
        ]
        unit = whole[-1] if self.message_bytes else "B"
        return self.name or f"{self.message_bytes // BINARY[unit]}{unit}"

    def work(self, dtype: str) -> Work:
        """Return the message size; the additions depend on the rank count."""
        return Work(message_bytes=self.message_bytes)

    def times(self, factor: int) -> "AllreduceProblem":
        """Return the same problem: the message of a rank does not grow with them."""
        return self


def elements(problem: Problem, dtype: str) -> int:
    """Return the elements of a message; raise UsageError for a broken one."""
    message_bytes = problem.work(dtype).message_bytes or 0
    count, rest = divmod(message_bytes, storage(dtype).itemsize)
    if rest:
        raise UsageError(f"{message_bytes} bytes are no whole number of {dtype}")
    return count


class AllreduceAxes(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The keys of a study: `sizes`, e.g. `"8B"`, `"1KiB:64MiB"`, or a list."""

    sizes: int | str | list[int | str]


def expand(axes: AllreduceAxes) -> tuple[AllreduceProblem, ...]:
    """Return one problem per size; raise UsageError for what is no size.

    >>> [problem.label for problem in expand(AllreduceAxes(sizes="1KiB:4KiB"))]
    ['1KiB', '2KiB', '4KiB']
    """
    sizes = parse_sizes(axes.sizes)
    if not sizes:
        raise UsageError("allreduce: sizes is an empty list")
    return tuple(AllreduceProblem(size) for size in sizes)
