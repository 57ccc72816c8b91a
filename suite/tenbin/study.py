"""A study: the TOML file that says what to weigh.

    [launch]                    how many ranks, how often started
    [measure]                   when to stop
    [files]                     where data sets and checkpoints lie
    [[bench]]                   a kernel and its sweep: each key one value or a list

`tenbin.expand` turns it into cases. Every error names file, key and choices.
"""

import hashlib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from tenbin.axes import listed
from tenbin.decode import blame, decode
from tenbin.errors import UsageError
from tenbin.kernel import Options
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
            len(self.rank_counts) > 1,
        )

    @property
    def rank_counts(self) -> set[int]:
        """Return the numbers of ranks that its cases ask for."""
        usual = listed(self.launch.ranks)
        asked = (listed(table.get("ranks", [])) or usual for table in self.bench)
        return {count for counts in asked for count in counts}

    @property
    def fingerprint(self) -> str:
        """Return the hash of everything that decides what is measured.

        Defaults are left out, so that a new key does not make an old run another study.
        """
        data = msgspec.json.encode(msgspec.to_builtins(self), order="sorted")
        return hashlib.sha256(data).hexdigest()[:16]


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
    ranks = [("launch.ranks", count) for count in listed(study.launch.ranks)]
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
