"""Parts of a figure that several share: axes in human units, labels at line ends."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from tenbin.results.figures.style import FAINT, short
from tenbin.units import format_bytes

MOST_TICKS = 8
MOST_SIZES = 6  # their labels are longer
Label = Callable[[float, object], str]
_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_STEPS: tuple[tuple[float, ...], ...] = (
    (1.0,),
    (1.0, 3.0),
    (1.0, 2.0, 5.0),
    (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0),
    tuple(step / 2 for step in range(2, 20)),
    tuple(step / 10 for step in range(10, 100)),
)


def time_label(seconds: float, _: object = None) -> str:
    """Return a tick label such as `20 µs`.

    >>> time_label(2e-5), time_label(150.0)
    ('20 µs', '150 s')
    """
    for scale, unit in _TIMES:
        if seconds >= scale * 0.9999:
            number = seconds / scale
            style = ",.0f" if 999 < number < 99999 else ".4g"
            return f"{number:{style}} {unit}"
    return f"{seconds:.2g} s"


def plain_label(value: float, _: object = None) -> str:
    """Return a number without an exponent as far as it is readable."""
    return f"{value:.4g}"


def log_ticks(low: float, high: float) -> list[float]:
    """Return round numbers within the limits: whole decades where there are many.

    >>> log_ticks(0.9e-6, 1.1e2)[:3]
    [1e-06, 0.0001, 0.01]
    >>> log_ticks(1.5, 4.5)
    [1.5, 2.0, 3.0, 4.0]
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ticks: list[float] = []
    for steps in _STEPS:
        decades = range(first, last + 1)
        ticks = [float(f"{step}e{d}") for d in decades for step in steps]
        ticks = [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]
        if len(ticks) >= 3:
            break
    return _thinned(ticks)


def _thinned(ticks: list[float]) -> list[float]:
    return ticks[:: math.ceil(len(ticks) / MOST_TICKS)] if ticks else ticks


def apart(values: Sequence[float], most: int) -> list[float]:
    """Return the values whose labels do not touch on a log axis of `most` labels.

    >>> apart([1.0, 2.0, 4.0, 4.1, 64.0], 6)
    [1.0, 2.0, 4.0, 64.0]
    """
    kept: list[float] = []
    gap = math.log(values[-1] / values[0]) / most if values else 0.0
    for value in values:
        if not kept or math.log(value / kept[-1]) >= gap * 0.999:
            kept.append(value)
    return kept


def log_y(
    axes: Axes, values: Iterable[float], label: Label = time_label, base: int = 10
) -> None:
    """Make the y axis logarithmic around the finite positive `values`."""
    finite = [value for value in values if math.isfinite(value) and value > 0.0]
    low, high = (min(finite), max(finite)) if finite else (1e-3, 1.0)
    room = max((high / low) ** 0.06, 1.12)
    low, high = low / room, high * room
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    ticks = log_ticks(low, high) if base == 10 else _powers_of_two(low, high)
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_major_formatter(FuncFormatter(label))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_formatter(NullFormatter())


def _powers_of_two(low: float, high: float) -> list[float]:
    powers = range(math.ceil(math.log2(low)), math.floor(math.log2(high)) + 1)
    return _thinned([2.0**power for power in powers])


def log2_x(axes: Axes, values: Sequence[float], *, sizes: bool = False) -> None:
    """Make the x axis binary, with ticks at measured values, in bytes if `sizes`."""
    ticks = apart(sorted(set(values)), MOST_SIZES if sizes else MOST_TICKS)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda x, _: format_bytes(x) if sizes else f"{x:.0f}")
    )
    axes.xaxis.set_minor_locator(NullLocator())
    low, high = min(values, default=1.0), max(values, default=1.0)
    room = max((high / low) ** 0.05, 1.15)
    axes.set_xlim(low / room, high * room)


def grid(axes: Axes, axis: str = "y") -> None:
    """Draw faint lines behind the data."""
    axes.grid(visible=True, axis=axis, color=FAINT, alpha=0.3, linewidth=0.5)  # type: ignore[arg-type]


@dataclass(frozen=True)
class EndLabel:
    """The name of a line, and where the line ends; y is NaN where nothing is drawn."""

    x: float
    y: float
    text: str
    colour: str


def end_labels(axes: Axes, labels: Sequence[EndLabel]) -> None:
    """Name lines at the right of the axes, apart from each other.

    Call it when limits and scales are final; a faint leader joins a label to its line.
    """
    to_axes = axes.transData + axes.transAxes.inverted()
    places = [
        0.0 if math.isnan(label.y) else float(to_axes.transform((label.x, label.y))[1])
        for label in labels
    ]
    height = axes.get_window_extent().height / axes.get_figure(root=True).dpi  # type: ignore[union-attr]
    gap = 9.5 / 72.0 / max(height, 0.5)
    leader = {"arrowstyle": "-", "alpha": 0.35, "linewidth": 0.6, "shrinkB": 3}
    for label, y in zip(labels, spread(places, gap), strict=True):
        drawn = not math.isnan(label.y)
        axes.annotate(
            short(label.text),
            xy=(label.x, label.y) if drawn else (label.x, axes.get_ylim()[0]),
            xytext=(1.03, y),
            textcoords="axes fraction",
            color=label.colour,
            va="center",
            fontsize=7.5,
            annotation_clip=False,
            arrowprops={**leader, "color": label.colour} if drawn else None,
        )


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Return the places moved apart to at least `gap`, in the same order, within 0..1.

    >>> spread([0.5, 0.5], 0.1)
    [0.45, 0.55]
    """
    order = sorted(range(len(places)), key=lambda i: (places[i], i))
    moved = [min(max(places[i], 0.0), 1.0) for i in order]
    for _ in range(200):
        for i in range(len(moved) - 1):
            overlap = gap - (moved[i + 1] - moved[i])
            if overlap > 1e-9:
                moved[i] -= overlap / 2
                moved[i + 1] += overlap / 2
        if moved and moved[0] < 0.0:
            moved = [place - moved[0] for place in moved]
        if moved and moved[-1] > 1.0:
            moved = [place - (moved[-1] - 1.0) for place in moved]
    result = [0.0] * len(places)
    for i, place in zip(order, moved, strict=True):
        result[i] = round(place, 6)
    return result
