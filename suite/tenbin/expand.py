"""From a study to its cases: the only place that expands sweeps.

[[bench]]   problems x variants x dtypes x scalings x ranks -> cases, or reasons why not
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import product
from typing import Any

from tenbin.axes import listed
from tenbin.case import SCALINGS, Case
from tenbin.decode import blame, decode
from tenbin.errors import UsageError, unknown
from tenbin.kernel import Kernel
from tenbin.kernels import load as load_kernel
from tenbin.study import Bench, Launch, Study


@dataclass(frozen=True)
class Expansion:
    """The cases of a study, and those that cannot run here with the reason."""

    cases: tuple[Case, ...]
    declined: tuple[tuple[Case, str], ...]

    @property
    def skipped(self) -> tuple[str, ...]:
        """Return one line per reason for which cases were declined."""
        counts = Counter(f"{case.kernel}: {why}" for case, why in self.declined)
        return tuple(f"skipped {n} cases of {why}" for why, n in counts.items())


def expand(study: Study, place: str = "", here: bool = True) -> Expansion:
    """Expand every sweep into cases, in file order, each key once.

    `place` is the file to blame; without one there is no file, only options. What this
    machine lacks matters only if the cases are to run `here`, not on a compute node.

    Raises UsageError for a variant that fits none of the study's rank counts.
    """
    if study.files.data_dir:  # kernels, and the ranks to be started, look there
        os.environ["TENBIN_DATA"] = study.files.data_dir
    cases: dict[str, Case] = {}
    declined: dict[str, tuple[Case, str]] = {}
    for number, table in enumerate(study.bench):
        with blame(f"{place}: bench.{number}") if place else nullcontext():
            for case, reason in _expand_bench(study, table, here):
                if reason:
                    declined[case.key] = (case, reason)
                else:
                    cases[case.key] = case
    return Expansion(tuple(cases.values()), tuple(declined.values()))


def _expand_bench(
    study: Study, table: Mapping[str, Any], here: bool
) -> list[tuple[Case, str]]:
    bench, kernel, axes = decode_bench(table, study.kernels)
    problems = [p for name in listed(bench.preset) for p in _preset(kernel, name)]
    problems += _swept(kernel, axes, beside=listed(bench.preset))
    if not problems:
        keys = ", ".join(kernel.axes.__struct_fields__)
        raise UsageError(
            f"no problem; give preset ({', '.join(kernel.presets)}) or {keys}"
        )
    explicit = _variants(kernel, bench, "variant")
    optional = _variants(kernel, bench, "optional")
    variants = [*explicit, *optional] or list(kernel.variants)
    dtypes = listed(bench.dtype) or kernel.dtypes[:1]
    scalings = listed(bench.scaling) or kernel.scalings[:1]
    _each("dtype", dtypes, kernel.dtypes)
    _each("scaling", scalings, kernel.scalings)
    ranks = listed(bench.ranks) or listed(study.launch.ranks)
    found = []
    for variant in variants:
        sweep = product([variant], dtypes, scalings, problems, ranks)
        cases = [_case(kernel, study.launch, *point) for point in sweep]
        reason = kernel.decline if here else kernel.misfit
        verdicts = [(case, reason(case)) for case in cases]
        _require_one(variant, verdicts, explicit=variant in explicit)
        found += verdicts
    return found


def decode_bench(
    table: Mapping[str, Any], own: Mapping[str, str]
) -> tuple[Bench, Kernel, Any]:
    """Split a `[[bench]]` table into shared keys and the kernel's own axes."""
    if not isinstance(table.get("kernel"), str):
        raise UsageError("kernel: expected the name of a kernel")
    with blame("kernel"):
        kernel = load_kernel(table["kernel"], own)
    axes_fields = kernel.axes.__struct_fields__
    for key in table:
        if key not in Bench.__struct_fields__ and key not in axes_fields:
            raise unknown("key", key, [*Bench.__struct_fields__, *axes_fields])
    own_keys = {key: value for key, value in table.items() if key in axes_fields}
    shared = {key: value for key, value in table.items() if key not in axes_fields}
    axes = decode(own_keys, kernel.axes) if own_keys else None
    return decode(shared, Bench), kernel, axes


def _preset(kernel: Kernel, name: str) -> tuple[Any, ...]:
    with blame("preset"):
        if name not in kernel.presets:
            raise unknown(f"{kernel.name} preset", name, kernel.presets)
    return kernel.presets[name]


def _swept(kernel: Kernel, axes: Any, beside: Sequence[str]) -> tuple[Any, ...]:
    """Return the problems of a sweep; keys beside a preset do not change its own."""
    try:
        return kernel.expand(axes) if axes is not None else ()
    except UsageError as error:
        if not beside:
            raise
        hint = "keys beside a preset are problems of their own, and change none of it"
        raise UsageError(f"{error}; {hint}") from None


def _variants(kernel: Kernel, bench: Bench, key: str) -> list[str]:
    with blame(key):
        return [kernel.variant(name) for name in listed(getattr(bench, key))]


def _each(key: str, values: Sequence[str], choices: Sequence[str]) -> None:
    for value in values:
        with blame(key):
            if value not in choices:
                raise unknown(key, value, choices)


def _case(
    kernel: Kernel,
    launch: Launch,
    variant: str,
    dtype: str,
    scaling: str,
    problem: Any,
    ranks: int,
) -> Case:
    assert scaling in SCALINGS
    per_node = min(launch.ranks_per_node or ranks, ranks)
    if ranks % per_node:
        raise UsageError(f"ranks: {ranks} do not fill nodes of {per_node} ranks")
    return Case(kernel.name, variant, dtype, problem, ranks, per_node, scaling)


def _require_one(
    variant: str, verdicts: Sequence[tuple[Case, str]], explicit: bool
) -> None:
    if explicit and all(reason for _, reason in verdicts):
        reasons = list(dict.fromkeys(reason for _, reason in verdicts))
        raise UsageError(f"variant: {variant}: {'; '.join(reasons[:3])}")
