"""Plan: an allreduce compiled for one buffer; what every executor makes.

Works in place; every rank starts it, in the same order as other plans; `start` returns
when the buffer holds the sum over all ranks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Plan:
    """One allreduce, ready to be run any number of times.

    `details` says what really runs, in JSON types.
    """

    start: Callable[[], object]
    release: Callable[[], object] = lambda: None
    details: Mapping[str, Any] = field(default_factory=dict)
