"""The names of algorithms: one short string, everywhere the same.

    name    library                      what the MPI library does
            [form:]shape, form           a schedule: a form over a shape, flat if none
    shape   flat                         one level of all ranks
            two-level                    the ranks of a node, then the nodes
            4x2, 2x2x2, ...              levels, innermost first
    level   4, 4r                        ranks, and the first letter of a pattern

Adding a form, a shape or a pattern is a line in its table.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from tenbin.errors import UsageError, unknown
from tenbin.kernels.allreduce.hierarchical import PATTERNS, hierarchical
from tenbin.kernels.allreduce.schedule import Schedule

LIBRARY = "library"
EXAMPLE = "levels such as 4x2"
_LEVEL = re.compile(r"([0-9]{1,7})([a-z]?)")
_DEFAULT = next(iter(PATTERNS))

Form = Callable[[Sequence[int], Sequence[str]], Schedule]
Shape = Callable[[int, int], tuple[int, ...]]


def flat(ranks: int, ranks_per_node: int) -> tuple[int, ...]:
    """One ring of all ranks."""
    return (ranks,)


def two_level(ranks: int, ranks_per_node: int) -> tuple[int, ...]:
    """Rings inside the nodes, then across: the 2-D torus of the machine."""
    return (ranks_per_node, ranks // ranks_per_node)


# prefix of the name -> generator over levels and their patterns; "" is the default
FORMS: Mapping[str, Form] = {
    "": hierarchical,
}

# shapes that depend on the machine
SHAPES: Mapping[str, Shape] = {
    "flat": flat,
    "two-level": two_level,
}


@dataclass(frozen=True)
class Name:
    """A parsed name: a form, and either a named shape or sizes with patterns."""

    form: str
    shape: str
    sizes: tuple[int, ...] = ()
    patterns: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the canonical name."""
        return ":".join(filter(None, (self.form, self.shape)))

    def levels(self, ranks: int, ranks_per_node: int) -> tuple[int, ...]:
        """Return the ranks of each level; raise UsageError where they do not fit."""
        if not self.sizes:
            sizes = SHAPES[self.shape](ranks, ranks_per_node)
            if min(sizes) < 2 <= ranks:
                place = f"{ranks // ranks_per_node} of {ranks_per_node}"
                raise UsageError(f"{self} needs 2 nodes of 2 ranks, not {place}")
            return sizes
        if prod(self.sizes) != ranks:
            raise UsageError(f"{self} needs {prod(self.sizes)} ranks, not {ranks}")
        return self.sizes

    def schedule(self, ranks: int, ranks_per_node: int) -> Schedule:
        """Return the schedule; raise UsageError where the name does not fit."""
        return FORMS[self.form](self.levels(ranks, ranks_per_node), self.patterns)


def parse(text: str) -> Name:
    """Return the name of a schedule; raise UsageError with the choices.

    >>> str(parse("04x2r")), parse("4x2").levels(8, 4), parse("flat").levels(6, 3)
    ('4x2', (4, 2), (6,))
    """
    form, colon, shape = text.strip().lower().rpartition(":")
    if shape and not colon and shape in FORMS:
        form, shape = shape, "flat"
    if form not in FORMS or (colon and not form):
        raise unknown("allreduce algorithm", repr(text), choices())
    if shape in SHAPES:
        return Name(form, shape)
    levels = [_LEVEL.fullmatch(level) for level in shape.split("x")]
    found = [(int(level[1]), level[2]) for level in levels if level]
    if len(found) < len(levels):
        raise unknown("allreduce algorithm", repr(text), choices())
    if min(size for size, _ in found) < 2:
        raise UsageError(f"allreduce algorithm {text!r}: a level has at least 2 ranks")
    sizes = tuple(size for size, _ in found)
    patterns = tuple(_pattern(letter, text) for _, letter in found)
    return Name(form, _spell(sizes, patterns), sizes, patterns)


def canonical(text: str) -> str:
    """Return the one spelling of a name; raise UsageError with the choices."""
    lowered = text.strip().lower()
    return LIBRARY if lowered == LIBRARY else str(parse(text))


def choices() -> tuple[str, ...]:
    """Return the names, and an example of levels."""
    forms = [f"{form}:" for form in FORMS if form]
    return (LIBRARY, *SHAPES, *forms, EXAMPLE)


def _pattern(letter: str, text: str) -> str:
    letters = {name[0]: name for name in PATTERNS} | {"": _DEFAULT}
    if letter not in letters:
        known = (f"{key} ({name})" for key, name in letters.items() if key)
        raise unknown(f"level pattern in {text!r}:", letter, known)
    return letters[letter]


def _spell(sizes: Iterable[int], patterns: Iterable[str]) -> str:
    pairs = zip(sizes, patterns, strict=True)
    return "x".join(f"{n}{'' if name == _DEFAULT else name[0]}" for n, name in pairs)
