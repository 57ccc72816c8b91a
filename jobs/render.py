"""Job scripts: a real bash file with `@{name}` in it, and the words that fill it.

Words of a user are quoted for the shell, or refused; only the profile's own lines of
setup, and the scheduler's, are shell.
"""

import dataclasses
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from tenbin.errors import UsageError
from tenbin.jobs.profile import Profile
from tenbin.jobs.queues import choose_queue
from tenbin.jobs.schedulers import SCHEDULERS
from tenbin.jobs.schedulers.contract import Needs
from tenbin.jobs.schedulers.directives import OPTIONS_MARK, clock, plain
from tenbin.jobs.sentinel import BEAT_S

TEMPLATES = Path(__file__).parent / "templates"
QUEUE_LOG = Path("queue.log")  # the scheduler's own; the script has job.log
LONGEST_WORD = 4096
MARGIN_S = 45  # kept back from the wall time for the last word
_PLACE = re.compile(r"\{(\w+)\}")
_HOLE = re.compile(r"@\{(\w+)\}")  # so ${VARIABLES} and me@site.org pass untouched


def render(
    profile: Profile,
    needs: Needs,
    commands: Sequence[Sequence[str]],
    folder: Path,
    template: Path | None = None,
) -> str:
    """Return the job script that runs `commands`, each `PYTHON... -m MODULE ...`.

    The script is submitted from `folder`, an absolute path, and leaves its words
    there. Raises UsageError for whatever cannot be written into a script.
    """
    needs = on_machine(profile, needs)
    path = template or _template_of(profile)
    try:
        text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from None
    values = _values(profile, needs, commands, folder)
    for name in _HOLE.findall(text):
        if name not in values:
            raise UsageError(f"{path}: no @{{{name}}}; choose from {', '.join(values)}")
    script = _HOLE.sub(lambda match: values[match[1]], text)
    if not script.startswith("#!"):
        raise UsageError(f"{path}: the first line must be #!, as in #!/bin/bash")
    return script


def _template_of(profile: Profile) -> Path:
    if profile.template:
        return Path(profile.template).expanduser()
    return TEMPLATES / "job.sh"


def on_machine(profile: Profile, needs: Needs) -> Needs:
    """Return the needs with what the machine adds, drops and insists on.

    Raises UsageError for a queue that does not take the job or a missing account.
    """
    account = plain("account", needs.account or profile.account)
    if profile.needs_account and not account:
        raise UsageError(
            f"{profile.name} charges jobs to an account: give --account, or write "
            f"account in your profile of {profile.name}"
        )
    wanted = needs.queue or profile.queue
    queue = choose_queue(profile.queues, needs.nodes, needs.walltime_s, wanted)
    needs = dataclasses.replace(
        needs, account=account, queue=plain("queue", queue), output=QUEUE_LOG
    )
    added = (fill(text, needs) for text in profile.directives.extra)
    return dataclasses.replace(
        needs,
        extra=(*filter(None, added), *needs.extra),
        skip=(*profile.directives.skip, *needs.skip),
    )


def fill(text: str, needs: Needs) -> str:
    """Fill `{nodes}` and the like into a line of a profile.

    The line goes away where a word is empty or 0: `-P {account}` without an account.
    """
    words: dict[str, int | str] = {
        "nodes": needs.nodes,
        "ranks": needs.nodes * needs.ranks_per_node,
        "ranks_per_node": needs.ranks_per_node,
        "cores_per_rank": needs.cores_per_rank,
        "cores_per_node": needs.cores_per_rank * needs.ranks_per_node,
        "gpus_per_node": needs.gpus_per_node,
        "walltime": clock(needs.walltime_s),
        "account": needs.account,
        "queue": needs.queue,
    }
    for name in _PLACE.findall(text):
        if name not in words:
            raise UsageError(
                f"{text!r:.80}: no {{{name}}}; there are {', '.join(words)}"
            )
        if not words[name]:
            return ""
    return _PLACE.sub(lambda match: str(words[match[1]]), text)


def _values(
    profile: Profile,
    needs: Needs,
    commands: Sequence[Sequence[str]],
    folder: Path,
) -> dict[str, str]:
    scheduler = SCHEDULERS[profile.scheduler]
    if not folder.is_absolute():
        raise UsageError(f"job folder {str(folder)!r:.80}: expected an absolute path")
    options = [fill(text, needs) for text in profile.directives.submit]
    lines = scheduler.directives(needs)
    lines += [f"{OPTIONS_MARK}{option}" for option in options if option]
    modules = [f"module load {word(name)}" for name in profile.modules]
    job_id = scheduler.variables.get("job_id", "")
    return {
        "directives": "\n".join(lines),
        "setup": "\n".join([*profile.setup, *modules]) or ":",
        "folder": word(str(folder)),
        "launcher": word(profile.mpiexec),
        "python": _join(_python(commands)),
        "commands": "\n".join(f"measure {_join(command)}" for command in commands),
        "nodes": str(needs.nodes),
        "ranks": str(needs.nodes * needs.ranks_per_node),
        "real_nodes": "1" if scheduler.one_host else str(needs.nodes),
        "cores_per_rank": str(needs.cores_per_rank),
        "walltime_s": str(needs.walltime_s),
        "margin_s": str(min(MARGIN_S, needs.walltime_s // 4)),
        "beat_s": f"{BEAT_S:g}",
        "job_id": f'"${{{job_id}:-}}"' if job_id else '"$$"',
        "hosts": scheduler.hosts,
    }


def _python(commands: Sequence[Sequence[str]]) -> list[str]:
    """Return the words before `-m`: the Python that the commands have in common."""
    first = list(commands[0]) if commands else []
    if "-m" not in first[1:]:
        raise UsageError(f"not a Python module to run: {' '.join(first)!r:.80}")
    return first[: first.index("-m")]


def _join(command: Sequence[str]) -> str:
    if command[0].startswith("-"):
        raise UsageError(f"not a command: {command[0]!r:.80}")
    return " ".join(word(part) for part in command)


def word(text: str) -> str:
    """Return a text as one word of a shell line.

    Raises UsageError for control characters and for more than any path may have.
    """
    if not text.isprintable() or len(text) > LONGEST_WORD:
        raise UsageError(
            f"{text!r:.80} cannot stand in a script: expected printable characters, "
            f"at most {LONGEST_WORD}"
        )
    return shlex.quote(text)
