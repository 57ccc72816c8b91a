"""Machine profiles: what a machine has, and how its queue wants to be asked.

    machines/NAME.toml         what tenbin brings
    site file                  /etc/xdg/tenbin/machines/NAME.toml
    user file                  ~/.config/tenbin/machines/NAME.toml
    a file of the user's       --machine FILE.toml, on top of its `base`
    settings                   KEY=VALUE

Later layers win, key by key; a list is replaced whole.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

from tenbin.decode import blame, decode
from tenbin.errors import UsageError, unknown
from tenbin.jobs.duration import parse_duration
from tenbin.jobs.queues import Queue, choose_queue
from tenbin.jobs.schedulers import SCHEDULERS
from tenbin.settings import apply_setting
from tenbin.units import parse_bytes

MACHINES = Path(__file__).parent / "machines"
APP = "tenbin"


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node: what a job has of it, and the usual number of ranks."""

    cores: int = 1
    gpus: int = 0
    memory: str = ""
    ranks_per_node: int = 1


class Links(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What connects ranks, in words and in bytes per second one way per node."""

    inside: str = ""
    across: str = ""
    inside_bytes_per_s: float | None = None
    across_bytes_per_s: float | None = None


class Cost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an hour of a node costs, in the machine's own unit."""

    unit: str = "node-hours"
    per_node_hour: float = 1.0


class Directives(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the machine departs from its scheduler: `{nodes}` and the like are filled.

    `skip` leaves directives out by option, `extra` adds lines, `submit` are options
    that must stand on the command line.
    """

    skip: list[str] = []
    extra: list[str] = []
    submit: list[str] = []


class Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A machine. `mpiexec` is the launcher line; `setup` are lines of shell.

    `python` is the interpreter of the compute nodes, where it is not this one;
    `template` is a job script of the user's own.
    """

    name: str
    scheduler: str
    base: str = ""
    summary: str = ""
    mpiexec: str = ""
    python: str = ""
    template: str = ""
    modules: list[str] = []
    setup: list[str] = []
    account: str = ""
    needs_account: bool = False
    queue: str = ""
    node: Node = Node()
    links: Links = Links()
    cost: Cost = Cost()
    queues: list[Queue] = []
    directives: Directives = Directives()

    @property
    def cores_per_node(self) -> int:
        """Return the cores of a node that a job may use."""
        return self.node.cores

    @property
    def gpus_per_node(self) -> int:
        """Return the GPUs of a node."""
        return self.node.gpus

    @property
    def ranks_per_node(self) -> int:
        """Return the usual number of ranks on a node."""
        return self.node.ranks_per_node

    def choose_queue(self, nodes: int, walltime_s: int) -> str:
        """Return the queue for a job; raise UsageError where none takes it."""
        return choose_queue(self.queues, nodes, walltime_s, self.queue)


@dataclass(frozen=True)
class Loaded:
    """A profile, and for each key where its value came from."""

    profile: Profile
    origin: Mapping[str, str]


def names() -> list[str]:
    """Return the machines with a profile: tenbin's, the site's and the user's."""
    files = [path for folder in _folders() for path in folder.glob("*.toml")]
    return sorted({path.stem for path in files})


def load(machine: str, settings: Sequence[str] = ()) -> Loaded:
    """Read a machine by name, or a profile by file, with all layers above it.

    Raises UsageError with file, key and choices.
    """
    tree: dict[str, Any] = {}
    origin: dict[str, str] = {}
    for source, layer in [*_layers(machine), *_settings(settings)]:
        _merge(tree, layer, source, origin, "")
    with blame(f"machine {machine}"):
        profile = decode(tree, Profile)
        _validate(profile)
    return Loaded(profile, dict(sorted(origin.items())))


def _folders() -> list[Path]:
    site = Path(platformdirs.site_config_dir(APP)) / "machines"
    user = Path(platformdirs.user_config_dir(APP)) / "machines"
    return [MACHINES, site, user]


def _layers(machine: str, above: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    if machine in above:
        raise UsageError(f"base: {' -> '.join([*above, machine])} goes in a circle")
    is_file = machine.endswith(".toml") or "/" in machine
    if is_file:
        files = [Path(machine)]
    else:
        files = [folder / f"{machine}.toml" for folder in _folders()]
        files = [path for path in files if path.is_file()]
    if not files:
        raise unknown("machine", machine, names())
    own = [(_source(path), _read(path)) for path in files]
    bases = [tree["base"] for _, tree in own if isinstance(tree.get("base"), str)]
    below = _layers(bases[-1], (*above, machine)) if bases and bases[-1] else []
    return [*below, *own]


def _source(path: Path) -> str:
    return f"tenbin: {path.name}" if path.parent == MACHINES else str(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from None


def _settings(settings: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for setting in settings:
        tree: dict[str, Any] = {}
        with blame("--machine-set"):
            apply_setting(tree, setting)
        found.append((f"{setting:.80}", tree))
    return found


def _merge(
    tree: dict[str, Any], layer: Any, source: str, origin: dict[str, str], at: str
) -> None:
    for key, value in layer.items():
        path = f"{at}{key}"
        if isinstance(value, dict) and isinstance(tree.setdefault(key, {}), dict):
            _merge(tree[key], value, source, origin, f"{path}.")
        else:
            tree[key] = value
            origin[path] = source


def _validate(profile: Profile) -> None:
    if profile.scheduler not in SCHEDULERS:
        with blame("scheduler"):
            raise unknown("scheduler", profile.scheduler, SCHEDULERS)
    positive = {
        "node.cores": profile.node.cores,
        "node.ranks_per_node": profile.node.ranks_per_node,
        "cost.per_node_hour": profile.cost.per_node_hour,
    }
    for key, value in positive.items():
        if not value > 0:
            raise UsageError(f"{key}: expected a positive number, got {value}")
    if profile.node.memory:
        with blame("node.memory"):
            parse_bytes(profile.node.memory)
    for number, queue in enumerate(profile.queues):
        if queue.max_walltime:
            with blame(f"queues.{number}.max_walltime"):
                parse_duration(queue.max_walltime)
