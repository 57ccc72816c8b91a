"""What the verbs of a campaign share: finding it, its options, its tables."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tenbin.errors import UsageError

if TYPE_CHECKING:
    from tenbin.jobs.campaign import Campaign
    from tenbin.jobs.ladder import Ladder
    from tenbin.jobs.schedulers.contract import Scheduler
    from tenbin.jobs.status import JobStatus

PLACE = Path("campaigns")
F = TypeVar("F", bound=Callable[..., Any])

LADDER_OPTIONS = (
    click.option("--machine", metavar="NAME", help="A machine profile, or its file."),
    click.option("--machine-set", "machine_settings", multiple=True,
                 metavar="KEY=VALUE", help="Override a key of the profile."),
    click.option("--nodes", metavar="1,2,4,8", help="Node counts; 1:8 doubles."),
    click.option("--ranks-per-node", type=click.IntRange(1)),
    click.option("--launches", type=click.IntRange(1), help="Of every node count."),
    click.option("--packed", is_flag=True, help="One job for the whole ladder."),
    click.option("--chain", is_flag=True, help="One job after the other."),
    click.option("--time", "walltime", metavar="1h30m", help="Wall time of each job."),
    click.option("--queue"),
    click.option("--account"),
    click.option("--directive", "extra", multiple=True, help="Add a directive."),
    click.option("--skip-directive", "skip", multiple=True, help="Leave one out."),
    click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
                 help="Override a key of the study."),
    click.option("--out", type=click.Path(path_type=Path), help="Campaign folder."),
)  # fmt: skip


def ladder_options(command: F) -> F:
    """Add the options that say what a campaign is."""
    for option in reversed(LADDER_OPTIONS):
        command = option(command)
    return command


def default_folder(study: str, machine: str) -> Path:
    """Return where the campaign of a study on a machine lies unless --out says."""
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "_", f"{study}-{machine}").lstrip(".-")
    return PLACE / plain[:100]


def build(study: str, given: dict[str, Any]) -> tuple[Path, "Campaign"]:
    """Return the folder and the campaign that the options ask for.

    An existing campaign folder is its own answer: its options were given once.
    """
    from tenbin.jobs import campaign as campaigns
    from tenbin.jobs.duration import parse_duration
    from tenbin.jobs.profile import load
    from tenbin.record import utc_now
    from tenbin.study import find_study, load_study

    if campaigns.is_campaign(Path(study)):
        _refuse_options(study, given)
        return Path(study), campaigns.load(Path(study))
    if not given["machine"] or not given["nodes"]:
        raise UsageError("a study needs --machine and --nodes to become a campaign")
    machine = load(given["machine"], given["machine_settings"]).profile
    nodes = campaigns.parse_nodes(given["nodes"])
    loaded = load_study(find_study(study), given["settings"])
    per_node = given["ranks_per_node"] or (
        loaded.launch.ranks_per_node or machine.node.ranks_per_node
    )
    ladder = campaigns.on_ladder(
        loaded, nodes, per_node, given["launches"], machine.mpiexec
    )
    campaign = campaigns.Campaign(
        created=utc_now(),
        machine=machine,
        nodes=nodes,
        ranks_per_node=per_node,
        packed=given["packed"],
        chain=given["chain"],
        walltime_s=parse_duration(given["walltime"]) if given["walltime"] else None,
        queue=given["queue"] or "",
        account=given["account"] or "",
        extra=given["extra"],
        skip=given["skip"],
        study=ladder,
    )
    return given["out"] or default_folder(loaded.name, machine.name), campaign


def _refuse_options(folder: str, given: dict[str, Any]) -> None:
    for key, value in given.items():
        if value:
            name = {"walltime": "time", "extra": "directive", "settings": "set"}
            raise UsageError(
                f"--{name.get(key, key).replace('_', '-')} was decided when {folder} "
                "was made; give the study and another --out"
            )


def find(name: str) -> Path:
    """Return the folder of a campaign: a path, or the study it was made of."""
    from tenbin.jobs.campaign import is_campaign

    if is_campaign(Path(name)):
        return Path(name)
    stem = default_folder(Path(name).stem, "").name
    found = [path for path in sorted(PLACE.glob(f"{stem}*")) if is_campaign(path)]
    if len(found) == 1:
        return found[0]
    known = found or [path for path in sorted(PLACE.glob("*")) if is_campaign(path)]
    choices = ", ".join(map(str, known)) or f"none in {PLACE}"
    raise UsageError(f"no campaign {name:.80}; campaigns here: {choices}")


def opened(root: Path) -> tuple["Ladder", "Scheduler"]:
    """Return the ladder of a campaign folder and the scheduler of its machine."""
    from tenbin.jobs.campaign import load
    from tenbin.jobs.ladder import spell_out
    from tenbin.jobs.schedulers import detect

    campaign = load(root)
    scheduler, _ = detect(campaign.machine.scheduler)
    return spell_out(campaign), scheduler


def summary(found: Sequence["JobStatus"]) -> str:
    """Return one line: how many jobs in each state, how many results."""
    from collections import Counter

    counts = Counter(job.state for job in found)
    states = ", ".join(f"{number} {state}" for state, number in sorted(counts.items()))
    valid, expected = sum(j.valid for j in found), sum(j.expected for j in found)
    return f"{len(found)} jobs: {states}; {valid} of {expected} results"


def advise(root: Path, found: Sequence["JobStatus"]) -> None:
    """Say on stderr which command comes next."""
    for line in next_commands(root, found):
        click.echo(f"next: {line}", err=True)


def next_commands(root: Path, found: Sequence["JobStatus"]) -> list[str]:
    """Return the commands that make sense now."""
    from shlex import quote

    from tenbin.jobs.resume import ENDED

    name = quote(os.fspath(root))
    if all(job.complete for job in found):
        return [f"tenbin collect {name}", f"tenbin report {name}"]
    lines = []
    if any(job.moving for job in found):
        lines.append(f"tenbin wait {name}")
    if any(job.look.attempt is None for job in found):
        lines.append(f"tenbin submit {name}")
    elif any(job.state in ENDED and job.left for job in found):
        lines.append(f"tenbin resume {name}")
    for job in found:
        if job.state == "unknown" and not job.look.id:
            key = job.look.job.key
            lines.append(f"tenbin resume {name} --adopt {key}=ID    (it is queued)")
            lines.append(f"tenbin resume {name} --state unknown    (it is not)")
            break
    return lines
