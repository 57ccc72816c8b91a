"""What differs between two groups of runs: machine, settings, software, study."""

from collections.abc import Callable, Sequence

from tenbin.record import RunInfo
from tenbin.results import facts
from tenbin.results.store import Run

MOST = 120  # characters of a value
Facts = Callable[[RunInfo], dict[str, str]]


def differences(base: Sequence[Run], new: Sequence[Run]) -> list[str]:
    """Return one line for each fact that differs, and for each that either mixes."""
    found: list[str] = []
    for ask in (facts.hardware, facts.software, _study):
        before, after = (_values(group, ask) for group in (base, new))
        for name in dict.fromkeys((*before, *after)):
            here = before.get(name, {"unknown"})
            there = after.get(name, {"unknown"})
            if here != there:
                found.append(f"{name}: {_said(here)} -> {_said(there)}")
            elif len(here) > 1:
                found.append(f"{name} is mixed in both: {_said(here)}")
    return found


def _values(group: Sequence[Run], ask: Facts) -> dict[str, set[str]]:
    """Return the values of each fact over the runs; a run without one is `unknown`."""
    told = [ask(run.info) for run in group]
    names = dict.fromkeys(name for one in told for name in one)
    return {name: {one.get(name, "unknown") for one in told} for name in names}


def _study(info: RunInfo) -> dict[str, str]:
    return {"study": f"{info.name} ({info.fingerprint[:12]})"}


def _said(values: set[str]) -> str:
    text = " and ".join(sorted(values))
    line = " ".join(text[: 4 * MOST].split())
    return line if len(line) <= MOST else line[: MOST - 1] + "…"
