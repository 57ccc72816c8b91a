"""Slurm's compressed lists: numbers and host names in brackets."""

import re

from tenbin.jobs.schedulers.contract import QueryError

MOST = 10_000  # numbers in one range; more is not a list but a mistake


def expand_numbers(text: str) -> list[str]:
    """Return the numbers of `1,3-5` or `0-9:2`, with their leading zeros."""
    found: list[str] = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d+)(?:-(\d+)(?::(\d+))?)?", part)
        if not match:
            raise QueryError(f"not a range: {text!r:.80}")
        first, last, step = match[1], match[2] or match[1], int(match[3] or 1)
        if step < 1 or int(last) - int(first) > MOST:
            raise QueryError(f"not a range: {text!r:.80}")
        numbers = range(int(first), int(last) + 1, step)
        found += [str(n).zfill(len(first)) for n in numbers]
    return found


def expand_hosts(text: str) -> tuple[str, ...]:
    """Return the hosts of a compressed list; what cannot be read stays as it is.

    >>> expand_hosts("r[1-2]n[0-1],a07")
    ('r1n0', 'r1n1', 'r2n0', 'r2n1', 'a07')
    """
    if text in ("", "(null)", "None assigned", "None"):
        return ()
    names: list[str] = []
    for part in re.findall(r"(?:[^,\[]|\[[^\]]*\])+", text):
        grown = [""]
        for plain_text, inside in re.findall(r"([^\[\]]+)|\[([^\]]*)\]", part):
            try:
                choices = [plain_text] if plain_text else expand_numbers(inside)
            except QueryError:
                return (text,)
            grown = [head + tail for head in grown for tail in choices]
        names += grown
    return tuple(names)
