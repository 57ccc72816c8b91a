"""Campaign: a study on a ladder of node counts of one machine, walked away from.

    study x nodes 1,2,4,8 x launches ──► points ──► jobs ──► attempts
                                         (n4.0)     split: one per node count
                                                    packed: one for all, in rounds

`tenbin.jobs.layout` says where it lies on disk.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tenbin.errors import UsageError
from tenbin.jobs import layout
from tenbin.jobs.profile import Profile
from tenbin.study import Study

SCHEMA = 1
LONGEST_PATH = 1024
_RANGE = re.compile(r"(\d{1,7})(?::(\d{1,7}))?")


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, once; `study` has the ladder's ranks, launches and launcher.

    The machine's profile is kept as it was. `walltime_s` None means: as long as the
    study may take. `queue` and `account` override the machine's, `extra` and `skip` add
    to its directives.
    """

    schema: int = SCHEMA
    created: str
    machine: Profile
    nodes: tuple[int, ...]
    ranks_per_node: int
    packed: bool = False
    chain: bool = False
    walltime_s: int | None = None
    queue: str = ""
    account: str = ""
    extra: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    study: Study

    @property
    def name(self) -> str:
        """Return the name of the study."""
        return self.study.name


def parse_nodes(text: str) -> tuple[int, ...]:
    """Return ascending node counts: `"1,2,6"`, or `"1:8"` for a range of doublings.

    >>> parse_nodes("1:8,6")
    (1, 2, 4, 6, 8)
    """
    counts: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
        if not 0 < first <= last:
            raise UsageError(f"--nodes: {text!r:.80}: write 1,2,4,8 or 1:8")
        while first <= last:
            counts.add(first)
            first *= 2
    return tuple(sorted(counts))


def on_ladder(
    study: Study,
    nodes: Sequence[int],
    ranks_per_node: int,
    launches: int | None = None,
    launcher: str = "",
) -> Study:
    """Return the study with the ladder's ranks in the place of its own.

    The ranks of each `[[bench]]` are the ladder's too; a launcher that the study names
    stays.
    """
    launch = msgspec.structs.replace(
        study.launch,
        ranks=[count * ranks_per_node for count in nodes],
        ranks_per_node=ranks_per_node,
        launches=launches or study.launch.launches,
        mpiexec=study.launch.mpiexec or launcher,
    )
    tables = [
        {key: value for key, value in table.items() if key != "ranks"}
        for table in study.bench
    ]
    own = {key: str(Path(file).resolve()) for key, file in study.kernels.items()}
    return msgspec.structs.replace(study, launch=launch, bench=tables, kernels=own)


def create(root: Path, campaign: Campaign) -> Campaign:
    """Make the campaign folder, or find the same campaign there; refuse another.

    Raises UsageError for a folder that is something else, or whose path cannot be
    written into a script.
    """
    _check_path(root)
    if (root / layout.CAMPAIGN).exists():
        found = load(root)
        if msgspec.structs.replace(campaign, created=found.created) != found:
            raise UsageError(
                f"{root} holds another campaign: {found.name} on "
                f"{found.machine.name}; give another --out, or the same options"
            )
        return found
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageError(f"{root} is neither empty nor a campaign; give another --out")
    root.mkdir(parents=True, exist_ok=True)
    layout.write(root / layout.CAMPAIGN, campaign)
    return campaign


def _check_path(root: Path) -> None:
    text = str(root.absolute())
    if not text.isprintable() or len(text) > LONGEST_PATH:
        raise UsageError(
            f"campaign folder {text!r:.80}: expected a printable path of at most "
            f"{LONGEST_PATH} characters"
        )


def load(root: Path) -> Campaign:
    """Return the campaign of a folder.

    Raises NoDataError where there is none, UsageError for a damaged or newer one.
    """
    path = root / layout.CAMPAIGN
    campaign = layout.require(path, Campaign)
    if campaign.schema > SCHEMA:
        raise UsageError(
            f"{path}: schema {campaign.schema}; this tenbin reads up to {SCHEMA}"
        )
    return campaign


def is_campaign(root: Path) -> bool:
    """Return whether the folder holds a campaign."""
    return (root / layout.CAMPAIGN).is_file()
