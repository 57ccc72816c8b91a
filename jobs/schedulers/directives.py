"""Directives: a job's needs as lines of a script, with nothing a shell could misread.

What a user may write is narrow on purpose: these lines are read by a dozen parsers of
different taste, so a value is plain or it is refused.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from tenbin.errors import UsageError
from tenbin.jobs.schedulers.contract import Needs

OPTIONS_MARK = "# submit with: "
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+/-]{0,127}")
_UNFIT = re.compile(r"[^A-Za-z0-9_-]+")
_PATH_REFUSED = re.compile(r"[\"'\\$`%*?\[\]:,\x00-\x1f\x7f]")
_JOB_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@\[\]-]{0,127}")


def lines(prefix: str, bodies: Iterable[str], needs: Needs) -> list[str]:
    """Return the directives, without those to skip and with the user's own."""
    kept = [body for body in bodies if body and not _skipped(body, needs.skip)]
    return [f"{prefix} {body}" for body in [*kept, *map(_one_line, needs.extra)]]


def _skipped(body: str, skip: Sequence[str]) -> bool:
    return any(
        body == option or (body.startswith(option) and body[len(option)] in "= :")
        for option in filter(None, skip)
    )


def _one_line(body: str) -> str:
    if not body.startswith("-") or not body.isprintable():
        raise UsageError(f"extra directive {body!r:.80}: expected one line from a dash")
    return body


def plain(what: str, value: str) -> str:
    """Return a queue, an account or the like, if every scheduler reads it the same."""
    if value and not _PLAIN.fullmatch(value):
        raise UsageError(
            f"{what} {value!r:.80}: expected letters, digits and _.:@+/-, at most 128"
        )
    return value


def job_ids(ids: Sequence[str]) -> list[str]:
    """Return ids that are safe as words of a command and of a directive."""
    for job in ids:
        if not _JOB_ID.fullmatch(job):
            raise UsageError(f"not a job id: {job!r:.80}")
    return list(ids)


def job_name(name: str, longest: int) -> str:
    """Return a name every scheduler takes: a letter first, then [A-Za-z0-9_-].

    >>> job_name("1: größe/x", 15), job_name("", 15)
    ('j1_gr_e_x', 'tenbin')
    """
    fit = _UNFIT.sub("_", name).strip("_-")
    if fit and not fit[0].isalpha():
        fit = f"j{fit}"
    return fit[:longest] or "tenbin"


def output_path(path: Path) -> str:
    """Return where a scheduler writes its own messages, quoted where it must be.

    Raises UsageError for characters that one of the schedulers gives a meaning.
    """
    text = str(path)
    if _PATH_REFUSED.search(text) or text.startswith("-"):
        raise UsageError(
            f"output {text!r:.80}: schedulers read quotes, $ % * : and the like in "
            "their own way; give a plain path"
        )
    return f'"{text}"' if " " in text else text


def clock(seconds: int) -> str:
    """Return a wall time as every scheduler reads it.

    >>> clock(5400), clock(180000)
    ('01:30:00', '50:00:00')
    """
    minutes, second = divmod(int(seconds), 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}"


def submit_options(script: Path) -> list[str]:
    """Return the options that must stand on the command line, as the script says.

    Some sites ignore them in a script (TSUBAME's group, for one), so the script
    carries them in a comment: what is submitted can be read from it alone.
    """
    text = script.read_text(encoding="utf-8")
    found = [line for line in text.splitlines() if line.startswith(OPTIONS_MARK)]
    return [word for line in found for word in shlex.split(line[len(OPTIONS_MARK) :])]
