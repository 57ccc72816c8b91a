"""The contract of a kernel: what every folder under `kernels/` offers.

    Kernel   the table of one folder: its problems, its variants, how to prepare a case
    Task     one case made ready on this rank: reset, run (timed), check

`run` is collective, works on whatever `reset` made ready, and returns when its result
may be used. `reset` and `check` are never timed. All three are called by every rank.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from tenbin.case import Case, Problem
from tenbin.check import Check
from tenbin.errors import unknown

if TYPE_CHECKING:  # listing kernels needs no MPI library
    from tenbin.topology import Topology


@dataclass(frozen=True)
class Task:
    """One case, ready to be timed on this rank.

    `reset(repetition)` prepares a repetition: it rotates cold buffers and refills
    in-place inputs. `check()` judges the result of the latest run. `details` says what
    really ran (threads, rounds, library), in JSON types; it is read at the end.

    A task with `repetitions` is a course, such as the epochs of a training run: each
    goes on from the one before, so they are timed that often, without a warm-up;
    `earlier` more were done by a run that was stopped.
    """

    run: Callable[[], object]
    reset: Callable[[int], object] = lambda repetition: None
    check: Callable[[], Check] = lambda: Check.none()
    release: Callable[[], object] = lambda: None
    details: Mapping[str, Any] = field(default_factory=dict)
    repetitions: int | None = None
    earlier: int = 0


@dataclass(frozen=True)
class Options:
    """What a study may ask of every kernel.

    `hot` keeps one buffer; otherwise buffers rotate through at most `pool_bytes` per
    node. `seed` is that of the data. `threads` per rank; 0 shares the cores allowed
    among the ranks of a node. `data_dir` holds data sets, `checkpoints` what long
    cases need to go on after a stop; an empty name keeps none. A `ladder` times several
    rank counts: none goes on where another stopped.
    """

    hot: bool = False
    seed: int = 1
    pool_bytes: int = 2**30
    threads: int = 0
    data_dir: str = ""
    checkpoints: str = ""
    ladder: bool = False


@dataclass(frozen=True)
class Kernel:
    """The table of one kernel.

    `axes` is the strict msgspec.Struct of a study's own keys (each one value or a
    list), `expand` turns it into problems, `presets` are named tuples of problems.
    `decline` returns why a case cannot run here (`"no GPU"`) or an empty string;
    `misfit` why it can run nowhere (`"4x2 needs 8 ranks"`), which is a reason to
    decline, too, and all that can be said far from the compute nodes. `resolve` returns
    the canonical name of a variant or raises UsageError. The cases of a `course` kernel
    take as long as they take: no budget bounds them. `settings` returns what the key
    `settings` of a problem can change, variant by variant, with the usual values.
    """

    name: str
    summary: str
    problem: type[Any]
    axes: type[msgspec.Struct]
    expand: Callable[[Any], tuple[Problem, ...]]
    presets: Mapping[str, tuple[Problem, ...]]
    variants: Mapping[str, Any]
    dtypes: tuple[str, ...]
    prepare: Callable[[Case, Topology, Options], Task]
    scalings: tuple[str, ...] = ("fixed",)
    decline: Callable[[Case], str] = lambda case: ""
    misfit: Callable[[Case], str] = lambda case: ""
    resolve: Callable[[str], str] | None = None
    course: bool = False
    settings: Callable[[], Mapping[str, Mapping[str, Any]]] = dict

    def variant(self, name: str) -> str:
        """Return the canonical name of a variant; raise UsageError with the choices."""
        if self.resolve is not None:
            return self.resolve(name)
        if name not in self.variants:
            raise unknown(f"{self.name} variant", name, self.variants)
        return name
