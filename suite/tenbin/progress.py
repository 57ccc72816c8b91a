"""A progress bar on a terminal; silence elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

RECENT_S = 3600.0  # an epoch may take minutes


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float, int, str], None]]:
    """Yield `advance(done, total, text)`, drawn on stderr where that is a terminal.

    The time that is left is told once `done` has moved twice in RECENT_S.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    shown = console.is_terminal
    with Progress(
        *columns,
        console=console,
        transient=True,
        disable=not shown,
        speed_estimate_period=RECENT_S,
    ) as bar:
        task = bar.add_task("", total=None)

        def advance(done: float, total: int, text: str) -> None:
            bar.update(task, completed=done, total=total, description=text)

        yield advance
