"""What a figure is: which rows it applies to, its points, its picture, its caption."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure


def same(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as it is."""
    return table


@dataclass(frozen=True)
class FigureSpec:
    """One kind of figure, drawn once for each group of rows.

    Figures of one `family` stand together in the report. `needs` marks the rows of the
    launch table it applies to; rows that agree in `by` make one figure. `points` turns
    them into what is drawn and written as CSV; `draw` and `caption` are functions of
    those points alone. `spread` may give a row more columns, and more than one place.
    A report draws the `most` groups with the most records.
    """

    family: str
    title: str
    needs: Callable[[pd.DataFrame], "pd.Series[bool]"]
    by: tuple[str, ...]
    points: Callable[[pd.DataFrame], pd.DataFrame]
    draw: Callable[[pd.DataFrame], Figure]
    caption: Callable[[pd.DataFrame], str]
    spread: Callable[[pd.DataFrame], pd.DataFrame] = same
    most: int = 4

    def groups(self, table: pd.DataFrame) -> Iterator[pd.DataFrame]:
        """Yield the launch rows of one figure after the other, in the order of `by`."""
        rows = self.spread(table[self.needs(table)])
        for _, group in rows.groupby(list(self.by)):
            yield group
