"""Ask a scheduler's command, within bounded time, in plain English, with one error."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tenbin.errors import UsageError
from tenbin.jobs.schedulers.contract import QueryError, SchedulerError
from tenbin.jobs.schedulers.directives import submit_options

TIMEOUT_S = 30.0
SUBMIT_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def words(self) -> str:
        """Return the command's own explanation on one line."""
        lines = [line.strip() for line in (self.err or self.out).splitlines()]
        return "; ".join(line for line in lines if line)[:400]


def ask(
    *command: str,
    timeout_s: float | None = None,
    folder: Path | None = None,
) -> Answer:
    """Run a command that asks something; its exit code is the caller's to judge.

    Raises QueryError where the command is missing, cannot run or takes too long.
    """
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout_s or TIMEOUT_S,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise QueryError(
            f"{command[0]} gave no answer in {error.timeout:g} s"
        ) from None
    except OSError as error:
        raise QueryError(f"{command[0]}: {error.strerror}") from None
    return Answer(done.returncode, done.stdout, done.stderr)


def send(*command: str, folder: Path | None = None) -> str:
    """Run a command that changes something and return what it printed.

    Raises SchedulerError with the command's own words where it refused, and QueryError
    where nobody can know whether it was heard.
    """
    if shutil.which(command[0]) is None:
        raise SchedulerError(f"there is no command {command[0]} here")
    try:
        answer = ask(*command, timeout_s=SUBMIT_TIMEOUT_S, folder=folder)
    except QueryError as error:
        raise QueryError(f"{error}; look at the queue before trying again") from None
    if answer.code:
        raise SchedulerError(f"{command[0]}: {answer.words or 'refused'}")
    return answer.out


def send_script(script: Path, pattern: re.Pattern[str], *command: str) -> str:
    """Submit a script from its own folder; return the job's id, where `pattern` is.

    Raises UsageError for a script that no scheduler would take, else as `send` does.
    """
    check_script(script)
    options = submit_options(script)
    printed = send(*command, *options, script.name, folder=script.parent)
    found = [match[match.lastindex or 0] for match in pattern.finditer(printed)]
    if not found:
        raise QueryError(f"{command[0]} printed no job id: {printed!r:.200}")
    return found[-1]


def check_script(script: Path) -> None:
    """Refuse a script that a scheduler would reject, or run as nonsense."""
    data = script.read_bytes()
    if not data.startswith(b"#!"):
        raise UsageError(f"{script}: the first line must be #!, as in #!/bin/bash")
    if b"\r" in data:
        raise UsageError(f"{script}: has DOS line ends; write plain newlines")
