"""Plan: an allreduce compiled for one buffer; what every executor makes.

Works in place; every rank starts it, in the same order as other plans; `start` returns
when the buffer holds the sum over all ranks. `parts` are the same work, the same
requests and buffers, one step after the other, so that a trace can look between them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Part:
    """One step of a plan on this rank; `facts` for a trace, in JSON types."""

    name: str
    run: Callable[[], object]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """One allreduce, ready to be run any number of times.

    `details` says what really runs, in JSON types. A plan that nobody can look into,
    or that has nothing to do, is without parts.
    """

    start: Callable[[], object]
    release: Callable[[], object] = lambda: None
    details: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
