"""Predicted time over the message size: a line, its band, and the bound below it.

Not among FIGURES: it takes predictions, and the page shows records.
"""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tenbin.results.figures.axes import EndLabel, end_labels, grid, log2_x, log_y
from tenbin.results.figures.layout import header, panels, room_in
from tenbin.results.figures.style import colour, styled

Row = Mapping[str, float]  # message_bytes; time_s, low_s, high_s, bound_s


@styled
def prediction(curves: Mapping[str, Sequence[Row]], title: str, *where: str) -> Figure:
    """Draw one curve per name, log-log; `where` is said above."""
    figure, (axes,) = panels(1, 3.4, 2.2, right_in=room_in(curves))
    rows = [row for curve in curves.values() for row in curve]
    log2_x(axes, [row["message_bytes"] for row in rows], sizes=True)
    log_y(axes, [row[name] for row in rows for name in ("bound_s", "low_s", "high_s")])
    axes.set_title(title)
    axes.set_xlabel("message per rank")
    grid(axes)
    ends = []
    for slot, (name, curve) in enumerate(curves.items()):
        _draw(axes, curve, colour(slot))
        last = curve[-1]
        ends.append(EndLabel(last["message_bytes"], last["time_s"], name, colour(slot)))
    end_labels(axes, ends)
    header(figure, "allreduce", *where)
    return figure


def _draw(axes: Axes, curve: Sequence[Row], ink: str) -> None:
    def column(name: str) -> list[float]:
        return [row[name] for row in curve]

    size = column("message_bytes")
    axes.fill_between(
        size, column("low_s"), column("high_s"), color=ink, alpha=0.2, linewidth=0.0
    )
    axes.plot(size, column("time_s"), color=ink)
    axes.plot(size, column("bound_s"), color=ink, linestyle=":", linewidth=0.9)
