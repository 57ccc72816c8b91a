"""A study: the TOML file that says what to weigh, and its cases.

    [launch]                    how many ranks, how often started
    [measure]                   when to stop
    [files]                     where data sets and checkpoints lie
    [[bench]]                   a kernel and its sweep: each key one value or a list

The only place that expands sweeps. Every error names file, key and choices.
"""

import hashlib
import os
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

import msgspec

from tenbin.case import SCALINGS, Case
from tenbin.decode import blame, decode
from tenbin.errors import UsageError, unknown
from tenbin.kernel import Kernel, Options
from tenbin.kernels import load as load_kernel
from tenbin.rule import Rule
from tenbin.settings import apply_setting
from tenbin.units import parse_bytes

BUNDLED = Path(__file__).parent / "studies"


class Launch(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """How ranks are started; `ranks_per_node` below what is there emulates nodes.

    Without `threads_per_rank` the ranks of a node share its cores, so that fewer ranks
    have more threads: right for one rank count, wrong for a ladder of them.
    """

    ranks: int | list[int] = 1
    ranks_per_node: int | None = None
    threads_per_rank: int | None = None
    launches: int = 1
    mpiexec: str = ""


class Measure(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """When a case is measured well enough, and when it is given up."""

    budget_s: float = 1.0
    precision: float = 0.02
    min_repetitions: int = 10
    max_repetitions: int = 10_000
    max_warmup: int = 50
    start: Literal["auto", "window", "barrier"] = "auto"
    hot: bool = False
    pool: str | int = "1GiB"
    seed: int = 1
    timeout_s: float = 120.0


class Files(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Folders: data sets (else TENBIN_DATA), and checkpoints (else none)."""

    data_dir: str = ""
    checkpoints: str = ""


class Bench(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of a `[[bench]]` table that every kernel shares.

    A `variant` that runs nowhere is an error; `optional` ones are skipped and said.
    """

    kernel: str
    preset: str | list[str] = []
    variant: str | list[str] = []
    optional: str | list[str] = []
    dtype: str | list[str] = []
    scaling: str | list[str] = []
    ranks: int | list[int] = []


class Study(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A study file, decoded; `kernels` names own kernels by file."""

    bench: list[dict[str, Any]]
    name: str = ""
    summary: str = ""
    launch: Launch = Launch()
    measure: Measure = Measure()
    files: Files = Files()
    kernels: dict[str, str] = {}

    @property
    def rule(self) -> Rule:
        """Return the stopping rule."""
        names = ("budget_s", "precision", "min_repetitions", "max_repetitions")
        shared = {key: getattr(self.measure, key) for key in names}
        return Rule(
            **shared, max_warmup=self.measure.max_warmup, start=self.measure.start
        )

    @property
    def options(self) -> Options:
        """Return what is asked of every kernel."""
        with blame("measure.pool"):
            pool_bytes = parse_bytes(self.measure.pool)
        return Options(
            self.measure.hot,
            self.measure.seed,
            pool_bytes,
            self.launch.threads_per_rank or 0,
            self.files.data_dir,
            self.files.checkpoints,
        )

    @property
    def fingerprint(self) -> str:
        """Return the hash of everything that decides what is measured.

        Defaults are left out, so that a new key does not make an old run another study.
        """
        data = msgspec.json.encode(msgspec.to_builtins(self), order="sorted")
        return hashlib.sha256(data).hexdigest()[:16]


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


def find_study(name: str) -> Path:
    """Return the path of a study: a file, or the name of one that tenbin brings."""
    bundled = {path.stem: path for path in sorted(BUNDLED.glob("*.toml"))}
    if Path(name).is_file():
        return Path(name)
    if name in bundled:
        return bundled[name]
    raise UsageError(f"no study file {name}; bundled studies: {', '.join(bundled)}")


def load_study(path: Path, settings: Sequence[str] = ()) -> Study:
    """Read a study file and apply `KEY=VALUE` settings, e.g. `launch.ranks=[1,2]`.

    Raises UsageError with file, key and choices.
    """
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None
    with blame("--set"):
        for setting in settings:
            apply_setting(tree, setting)
    with blame(str(path)):
        tree.setdefault("name", path.stem)
        study = decode(tree, Study)
        _validate(study)
        _ = study.options  # a size that is none is said here
        own = {key: str(path.parent / file) for key, file in study.kernels.items()}
        return msgspec.structs.replace(study, kernels=own)


def _validate(study: Study) -> None:
    ranks = [("launch.ranks", count) for count in as_list(study.launch.ranks)]
    positive = {
        "launch.launches": study.launch.launches,
        "measure.budget_s": study.measure.budget_s,
        "measure.precision": study.measure.precision,
        "measure.min_repetitions": study.measure.min_repetitions,
        "measure.max_repetitions": study.measure.max_repetitions,
        "measure.timeout_s": study.measure.timeout_s,
    }
    for key in ("ranks_per_node", "threads_per_rank"):
        count = getattr(study.launch, key)
        if count is not None:
            ranks.append((f"launch.{key}", count))
    for key, value in [*ranks, *positive.items()]:
        if not value > 0:
            raise UsageError(f"{key}: expected a positive number, got {value}")
    if not study.bench:
        raise UsageError("bench: nothing to measure; add a [[bench]] table")


def as_list(value: Any) -> list[Any]:
    """Return a value or a list of values as a list."""
    return value if isinstance(value, list) else [value]


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
    problems = [p for name in as_list(bench.preset) for p in _preset(kernel, name)]
    problems += kernel.expand(axes) if axes is not None else ()
    if not problems:
        keys = ", ".join(kernel.axes.__struct_fields__)
        raise UsageError(
            f"no problem; give preset ({', '.join(kernel.presets)}) or {keys}"
        )
    explicit = _variants(kernel, bench, "variant")
    optional = _variants(kernel, bench, "optional")
    variants = [*explicit, *optional] or list(kernel.variants)
    dtypes = as_list(bench.dtype) or kernel.dtypes[:1]
    scalings = as_list(bench.scaling) or kernel.scalings[:1]
    _each("dtype", dtypes, kernel.dtypes)
    _each("scaling", scalings, kernel.scalings)
    ranks = as_list(bench.ranks) or as_list(study.launch.ranks)
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


def _variants(kernel: Kernel, bench: Bench, key: str) -> list[str]:
    with blame(key):
        return [kernel.variant(name) for name in as_list(getattr(bench, key))]


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
