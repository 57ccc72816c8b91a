"""The contract of a convolution variant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tenbin import device
from tenbin.dtypes import Array
from tenbin.kernels.conv.problem import ConvProblem


def same(value: Any) -> Any:
    """Return what is given."""
    return value


@dataclass(frozen=True)
class Plan:
    """One convolution made ready for one shape.

    `run(first, second, out)` computes the result and returns it when it may be read,
    in `out` or in memory of its own. Before, `load` turned the first operand into what
    `run` takes, and `place` memory for the result; `pack` did so with the weights,
    which a network does once and uses often: its time is a number of its own. `read`
    turns the result into an array. `c` is the constant of its error bound; `tile` x
    `tile` outputs share their errors. A plan whose sums are coarser than the variant
    promises says their dtype in `accumulate`.
    """

    run: Callable[[Any, Any, Array], Any]
    load: Callable[[Array], Any] = same
    pack: Callable[[Array], Any] = same
    read: Callable[[Any], Array] = same
    c: float = 8.0
    details: Mapping[str, Any] = field(default_factory=dict)
    place: Callable[[Array], Any] = same
    accumulate: str = ""
    tile: int = 1

    @property
    def packs(self) -> bool:
        """Return whether weights are packed, which takes a time of its own."""
        return self.pack is not same and self.pack is not self.load


def on_gpu(run: Callable[[Any, Any, Any], Any], **more: Any) -> Plan:
    """Return a plan whose operands and result lie in the memory of this rank's GPU."""
    moved: dict[str, Any] = dict.fromkeys(("load", "pack", "place"), device.to_device)
    return Plan(run, **{**moved, "read": device.to_host, **more})


def always(problem: ConvProblem, dtype: str) -> str:
    """Return that the variant can compute it."""
    return ""


def here(dtype: str) -> str:
    """Return that nothing is missing."""
    return ""


@dataclass(frozen=True)
class Variant:
    """One way to convolve.

    `plan(problem, dtype, threads)` makes a shape ready. `accumulate` names the dtype of
    the sums for each dtype of storage: dtypes that are not in it are declined.
    `misfit` says why a shape cannot be computed, `missing` what this machine lacks.
    `slow_flop_per_s` is the rate to expect where huge problems must be declined.
    `on_device` variants compute on this rank's GPU.
    """

    plan: Callable[[ConvProblem, str, int], Plan]
    accumulate: Mapping[str, str]
    misfit: Callable[[ConvProblem, str], str] = always
    missing: Callable[[str], str] = here
    slow_flop_per_s: Mapping[str, float] = field(default_factory=dict)
    on_device: bool = False

    def sums(self, plan: Plan, dtype: str) -> str:
        """Return the dtype in which a plan of this variant keeps its sums."""
        return plan.accumulate or self.accumulate[dtype]
