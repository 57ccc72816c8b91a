"""Submit attempts so that no crash ever submits a job twice.

    1. stage     intent, orders and script in a hidden folder
    2. rename    the attempt appears, whole; a second client that races loses here
    3. submit    the scheduler's command
    4. note      submitted.json with the id, or refused.json with the scheduler's words

Death between 3 and 4 leaves an attempt without either file: its state is unknown until
the script itself says it started, or the user says what is in the queue.
"""

import contextlib
import dataclasses
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tenbin.errors import TenbinError, UsageError
from tenbin.jobs import layout
from tenbin.jobs.campaign import Campaign
from tenbin.jobs.cost import Price
from tenbin.jobs.ladder import Job, Point
from tenbin.jobs.point import Order, order_path
from tenbin.jobs.render import render
from tenbin.jobs.schedulers.contract import Needs, QueryError, Scheduler
from tenbin.record import utc_now

LONGEST_NAME = 15  # classic PBS cuts there


class Intent(msgspec.Struct, frozen=True):
    """What is about to be submitted: enough to find it in a queue by hand."""

    name: str
    created: str
    points: list[str]
    walltime_s: int
    after: list[str] = []


class Submitted(msgspec.Struct, frozen=True):
    """The scheduler took the job."""

    id: str
    time_s: float


class Refused(msgspec.Struct, frozen=True):
    """The scheduler did not take the job, in its own words."""

    words: str
    time_s: float


@dataclass(frozen=True)
class Attempt:
    """A job about to be submitted: what it runs, at what price, after which jobs.

    `number` follows that of the last attempt seen when this one was decided on, so that
    of two clients that decide alike only one can make it.
    """

    job: Job
    points: tuple[Point, ...]
    price: Price
    number: int = 1
    after: tuple[str, ...] = ()


def job_name(campaign: Campaign, job: str) -> str:
    """Return a name every scheduler takes and shows whole: the study's, cut, the job.

    Letters, digits, `_` and `-` only; a letter first; at most 15 characters.
    """
    plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in campaign.name)
    plain = plain.strip("_")
    stem = plain if plain[:1].isalpha() else f"t{plain}"
    return f"{stem[: LONGEST_NAME - 1 - len(job)]}-{job}"


def script(campaign: Campaign, attempt: Attempt, folder: Path) -> str:
    """Return the job script of an attempt that will lie in `folder`."""
    machine, per_node = campaign.machine, campaign.ranks_per_node
    needs = Needs(
        name=job_name(campaign, attempt.job.key),
        nodes=attempt.job.nodes,
        ranks_per_node=per_node,
        cores_per_rank=max(1, machine.cores_per_node // per_node),
        gpus_per_node=machine.gpus_per_node,
        walltime_s=attempt.price.walltime_s,
        queue=campaign.queue,
        account=campaign.account,
        after=attempt.after,
        extra=campaign.extra,
        skip=campaign.skip,
    )
    commands = [
        [*python(machine.python), str(order_path(folder, point))]
        for point in attempt.points
    ]
    return render(machine, needs, commands, folder)


def python(own: str = "") -> list[str]:
    """Return the command that runs a point, with this Python or the machine's own.

    Jobs start with a clean environment: a tenbin that is not installed is found again
    by its path.
    """
    start = [own or sys.executable, "-m", "tenbin.jobs.point"]
    paths = map(Path, filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)))
    found = [path for path in paths if (path / "tenbin" / "__init__.py").is_file()]
    return ["env", f"PYTHONPATH={found[0].resolve()}", *start] if found else start


def prepare(root: Path, campaign: Campaign, attempt: Attempt) -> Path:
    """Make the folder of an attempt, whole; nothing is submitted yet.

    Raises TenbinError where another client has just made the same one.
    """
    root = root.absolute()
    parent = layout.job_folder(root, attempt.job.key)
    parent.mkdir(parents=True, exist_ok=True)
    folder = parent / str(attempt.number)
    text = script(campaign, attempt, folder)
    staged = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
    try:
        _fill(staged, campaign, attempt, text)
        os.rename(staged, folder)
    except OSError as error:
        shutil.rmtree(staged, ignore_errors=True)
        raise TenbinError(
            f"{folder}: {error.strerror}; is another tenbin submitting it?"
        ) from None
    layout.sync_folder(parent)
    return folder


def _fill(staged: Path, campaign: Campaign, attempt: Attempt, text: str) -> None:
    staged.chmod(0o755)
    for point in attempt.points:
        order = Order(point.nodes, point.launch)
        layout.write(order_path(staged, point), order)
    path = staged / layout.SCRIPT
    path.write_text(text, encoding="utf-8", newline="\n")
    path.chmod(0o755)
    intent = Intent(
        name=job_name(campaign, attempt.job.key),
        created=utc_now(),
        points=[point.key for point in attempt.points],
        walltime_s=attempt.price.walltime_s,
        after=list(attempt.after),
    )
    layout.write(staged / layout.INTENT, intent)


def hand_over(folder: Path, scheduler: Scheduler) -> str:
    """Submit a prepared attempt, write down its id and return it.

    Raises SchedulerError; where the scheduler surely refused, its words are kept.
    """
    try:
        job = scheduler.submit(folder / layout.SCRIPT)
    except QueryError:
        raise  # nobody knows whether it was heard
    except TenbinError as error:
        if not _perhaps_heard(error):
            layout.write(folder / layout.REFUSED, Refused(str(error), time.time()))
        raise
    layout.write(folder / layout.SUBMITTED, Submitted(job, time.time()))
    return job


def _perhaps_heard(error: TenbinError) -> bool:
    return "look at the queue" in str(error)


def submit_all(
    root: Path, campaign: Campaign, scheduler: Scheduler, wanted: Sequence[Attempt]
) -> Iterator[tuple[str, str]]:
    """Submit attempts one after the other, chained if asked; yield job and id.

    The first that the scheduler does not take raises, and ends it.
    """
    last: tuple[str, ...] = ()
    for attempt in wanted:
        folder = prepare(root, campaign, dataclasses.replace(attempt, after=last))
        number = hand_over(folder, scheduler)
        yield attempt.job.key, number
        last = (number,) if campaign.chain else ()


def adopt(root: Path, job: str, number: str) -> None:
    """Write down the id of a job whose submission was interrupted.

    Raises UsageError where there is nothing to adopt, or the id is no id.
    """
    from tenbin.jobs.schedulers.directives import job_ids

    job_ids([number])
    known = layout.attempts(root, job)
    if not known or (known[-1] / layout.SUBMITTED).exists():
        raise UsageError(f"{job}: its last attempt is not an interrupted submission")
    with contextlib.suppress(FileNotFoundError):
        (known[-1] / layout.REFUSED).unlink()
    layout.write(known[-1] / layout.SUBMITTED, Submitted(number, time.time()))


def adopt_by_text(root: Path, texts: Sequence[str], keys: Sequence[str]) -> None:
    """Adopt each `JOB=ID`; raises UsageError for anything else."""
    for text in texts:
        job, equals, number = text.partition("=")
        if not equals or job not in keys:
            raise UsageError(
                f"--adopt {text!r:.80}: write JOB=ID with one of {', '.join(keys)}"
            )
        adopt(root, job, number)
