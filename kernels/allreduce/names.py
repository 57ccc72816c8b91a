"""The names of algorithms: one short string, everywhere the same.

    name      library                    what the MPI library does
              cuda-library, nccl-library what it and NCCL do with the memory of a GPU
              schedule[/segments][@block]
    schedule  [form:]shape               a form over levels
              tree, doubling, swing      one algorithm over all ranks
    form      (none)                     reduce-scatters down the levels, allgathers up
              leader:                    reduce to a leader, allreduce, broadcast
              full:                      a full allreduce per level
              lib:, lib-leader:          the first two by calls of the MPI library
              shm:                       the first level in memory that a node shares
              shm-copy:                  the same for private buffers, on one node
              cuda:, nccl:               the first on GPUs, by messages of MPI or NCCL
    shape     flat                       one level of all ranks
              two-level                  the ranks of a node, then the nodes
              4x2, 2x2x2, ...            levels, innermost first
    level     4, 4r, 4d, 4h              ranks, and the first letter of a pattern:
                                         ring (where none), direct, halving
    segments  /8                         in 8 pieces, each one round behind another
    block     @1, @2, ...                so many ranks of a node follow each other in
                                         the schedule, then comes the next node: @1 is
                                         round robin; where none, node by node

A form without a shape is over two levels, the last four over one. Adding a form, a
shape or a pattern is a line in its table.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from tenbin.errors import UsageError, unknown
from tenbin.kernels.allreduce.doubling import doubling
from tenbin.kernels.allreduce.full import full
from tenbin.kernels.allreduce.hierarchical import PATTERNS, hierarchical
from tenbin.kernels.allreduce.leader import leader
from tenbin.kernels.allreduce.pipeline import pipeline
from tenbin.kernels.allreduce.schedule import Ranks, Schedule, relabel
from tenbin.kernels.allreduce.shm import shm
from tenbin.kernels.allreduce.swing import swing
from tenbin.kernels.allreduce.tree import tree

LIBRARY = "library"
LIBRARIES = (LIBRARY, "cuda-library", "nccl-library")
EXAMPLE = "levels such as 4x2"
_NAME = re.compile(
    r"(?:([a-z-]+):)?([a-z0-9-]*)(?:/([1-9][0-9]{0,3}))?(?:@([1-9][0-9]{0,6}))?"
)
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
    "leader": leader,
    "full": full,
}

# algorithms without levels
WHOLE: Mapping[str, Callable[[int], Schedule]] = {
    "tree": tree,
    "doubling": doubling,
    "swing": swing,
}

# prefixes of what the MPI library runs on sub-communicators (`library_levels`)
LIBRARY_FORMS = ("lib", "lib-leader")

# prefix of an executor other than messages from host memory -> what it follows
EXECUTORS: Mapping[str, Form] = {
    "shm": shm,
    "shm-copy": shm,
    "cuda": hierarchical,
    "nccl": hierarchical,
}
DEVICE_FORMS = ("cuda", "nccl")

PREFIXES = (*FORMS, *EXECUTORS, *LIBRARY_FORMS)

# shapes that depend on the machine
SHAPES: Mapping[str, Shape] = {
    "flat": flat,
    "two-level": two_level,
}


@dataclass(frozen=True)
class Name:
    """A parsed name: a form over a named shape or over sizes with patterns.

    `shape` is also the name of an algorithm without levels; `block` 0 is node by node.
    """

    form: str
    shape: str
    sizes: tuple[int, ...] = ()
    patterns: tuple[str, ...] = ()
    segments: int = 1
    block: int = 0

    def __str__(self) -> str:
        """Return the canonical name."""
        segments = f"/{self.segments}" if self.segments > 1 else ""
        block = f"@{self.block}" if self.block else ""
        return ":".join(filter(None, (self.form, self.shape))) + segments + block

    @property
    def by_library(self) -> bool:
        """Return whether the MPI library runs it, so that it has no schedule."""
        return self.form in LIBRARY_FORMS

    def levels(self, ranks: int, ranks_per_node: int) -> tuple[int, ...]:
        """Return the ranks of each level; raise UsageError where they do not fit."""
        if self.block and ranks_per_node % self.block:
            raise UsageError(
                f"{self} needs ranks per node that are a multiple of {self.block}, "
                f"not {ranks_per_node}"
            )
        if self.shape in WHOLE:
            return (ranks,)
        if not self.sizes:
            sizes = SHAPES[self.shape](ranks, ranks_per_node)
            if min(sizes) < 2 <= ranks:
                place = f"{ranks // ranks_per_node} of {ranks_per_node}"
                raise UsageError(f"{self} needs 2 nodes of 2 ranks, not {place}")
            return sizes
        if prod(self.sizes) != ranks:
            raise UsageError(f"{self} needs {prod(self.sizes)} ranks, not {ranks}")
        return self.sizes

    def places(self, ranks: int, ranks_per_node: int) -> Ranks:
        """Return the rank, counted node by node, of each rank of the schedule."""
        block, nodes = self.block or ranks_per_node, ranks // ranks_per_node
        rank = np.arange(ranks).reshape(nodes, ranks_per_node // block, block)
        return rank.transpose(1, 0, 2).ravel()

    def schedule(self, ranks: int, ranks_per_node: int) -> Schedule:
        """Return the schedule; raise UsageError where the name does not fit."""
        levels = self.levels(ranks, ranks_per_node)
        if self.by_library:
            raise UsageError(f"{self} is run by the MPI library: it has no schedule")
        if self.shape in WHOLE:
            made = WHOLE[self.shape](ranks)
        else:
            made = {**FORMS, **EXECUTORS}[self.form](levels, self.patterns)
        made = pipeline(made, self.segments)
        if self.block:
            made = relabel(made, self.places(ranks, ranks_per_node))
        return replace(made, name=str(self._spelt_out(levels)))

    def _spelt_out(self, levels: tuple[int, ...]) -> "Name":
        """Return the name with its levels instead of a shape."""
        if self.shape in WHOLE:
            return self
        patterns = self.patterns or (_DEFAULT,) * len(levels)
        return replace(self, shape=_spell(levels, patterns))


def parse(text: str) -> Name:
    """Return the name of a schedule; raise UsageError with the choices.

    >>> str(parse("04x2r")), parse("4x2").levels(8, 4), parse("flat").levels(6, 3)
    ('4x2', (4, 2), (6,))
    >>> str(parse("leader/8")), str(parse("TREE/8@1")), parse("4dx2h").patterns
    ('leader:two-level/8', 'tree/8@1', ('direct', 'halving'))
    """
    match = _NAME.fullmatch(text.strip().lower())
    form, shape = (match[1] or "", match[2]) if match else ("", "")
    if not form and shape and shape in PREFIXES:
        form, shape = shape, "flat" if shape in EXECUTORS else "two-level"
    known = form in PREFIXES and not (form and shape in WHOLE)
    if match is None or not shape or not known:
        raise unknown("allreduce algorithm", repr(text), choices())
    segments, block = int(match[3] or 1), int(match[4] or 0)
    if shape in WHOLE or shape in SHAPES:
        name = Name(form, shape, segments=segments, block=block)
    else:
        sizes, patterns = _levels(shape, text)
        spelt = _spell(sizes, patterns)
        name = Name(form, spelt, sizes, patterns, segments, block)
    if name.by_library and (segments > 1 or {*name.patterns} - {_DEFAULT}):
        raise UsageError(f"{name}: the library chooses patterns and segments itself")
    return name


def canonical(text: str) -> str:
    """Return the one spelling of a name; raise UsageError with the choices."""
    lowered = text.strip().lower()
    return lowered if lowered in LIBRARIES else str(parse(text))


def form(variant: str) -> str:
    """Return the executor of a name: shm, cuda, nccl, ..., empty where there is none.

    >>> form("shm:4x2"), form("cuda-library"), form("4x2"), form("library")
    ('shm', 'cuda', '', '')
    """
    if variant in LIBRARIES:
        return variant.rpartition("-")[0]
    return parse(variant).form


def choices() -> tuple[str, ...]:
    """Return the names, and an example of levels."""
    forms = [f"{form}:" for form in PREFIXES if form]
    return (*LIBRARIES, *SHAPES, EXAMPLE, *WHOLE, *forms)


def _levels(shape: str, text: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    levels = [_LEVEL.fullmatch(level) for level in shape.split("x")]
    found = [(int(level[1]), level[2]) for level in levels if level]
    if len(found) < len(levels):
        raise unknown("allreduce algorithm", repr(text), choices())
    if min(size for size, _ in found) < 2:
        raise UsageError(f"allreduce algorithm {text!r}: a level has at least 2 ranks")
    sizes = tuple(size for size, _ in found)
    return sizes, tuple(_pattern(letter, text) for _, letter in found)


def _pattern(letter: str, text: str) -> str:
    letters = {name[0]: name for name in PATTERNS} | {"": _DEFAULT}
    if letter not in letters:
        known = (f"{key} ({name})" for key, name in letters.items() if key)
        raise unknown(f"level pattern in {text!r}:", letter, known)
    return letters[letter]


def _spell(sizes: Iterable[int], patterns: Iterable[str]) -> str:
    pairs = zip(sizes, patterns, strict=True)
    return "x".join(f"{n}{'' if name == _DEFAULT else name[0]}" for n, name in pairs)
