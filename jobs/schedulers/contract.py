"""What every scheduler offers: the words between tenbin and a queue.

    directives   a job's needs as lines of a script
    submit       a script -> the job's id
    query        many ids at once -> what the queue says now
    account      many ids at once -> what the accounting remembers, where there is any
    cancel       many ids

"I could not ask" is QueryError: the answer is then unknown, never done.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tenbin.errors import TenbinError

State = Literal[
    "pending",
    "running",
    "finished",
    "failed",
    "timeout",
    "lost",
    "cancelled",
    "never_ran",
    "unknown",
]


class SchedulerError(TenbinError):
    """A scheduler refused or did not answer; the message holds its own words."""

    exit_code = 3


class QueryError(SchedulerError):
    """The scheduler could not be asked, or answered with something unreadable."""


@dataclass(frozen=True)
class Needs:
    """What one job asks for. Times in seconds, memory in bytes."""

    name: str
    nodes: int
    ranks_per_node: int
    cores_per_rank: int = 1
    gpus_per_node: int = 0
    walltime_s: int = 600
    memory_bytes: int | None = None
    queue: str = ""
    account: str = ""
    output: Path = Path("job.out")
    after: tuple[str, ...] = ()  # job ids that must end first
    extra: tuple[str, ...] = ()  # directives of the user, verbatim
    skip: tuple[str, ...] = ()  # directives to leave out, by their option


@dataclass(frozen=True)
class Seen:
    """What a scheduler says of one job; `exit_code` and `signal` where it knows."""

    state: State
    reason: str = ""
    exit_code: int | None = None
    signal: int | None = None
    nodes: tuple[str, ...] = ()
    times: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Scheduler:
    """One scheduler: functions and tables, no state.

    `query` and `account` leave out the jobs they do not know. `variables` maps our
    words (rank, size, local_rank, nodes, job_id) to the names of its environment
    variables; `detect` returns why it is believed to be here, or "". `hosts` is a shell
    command that prints the host names of an allocation; with `one_host` the nodes of a
    job are emulated on one.
    """

    name: str
    directives: Callable[[Needs], list[str]]
    submit: Callable[[Path], str]
    query: Callable[[Sequence[str]], dict[str, Seen]]
    account: Callable[[Sequence[str]], dict[str, Seen]]
    cancel: Callable[[Sequence[str]], None]
    detect: Callable[[], str]
    variables: Mapping[str, str]
    hosts: str = "hostname"
    one_host: bool = False
