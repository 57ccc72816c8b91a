"""Write one figure to a file of its own; the suffix says which kind."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from tenbin.errors import UsageError, unknown
from tenbin.results.figures.style import styled

DPI = 160
# what would differ from one call to the next is left out
KINDS: dict[str, dict[str, None]] = {
    ".png": {"Software": None},
    ".pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    ".svg": {"Date": None, "Creator": None},
}


def kind_of(path: Path) -> str:
    """Return the suffix in small letters; raise UsageError for an unknown one."""
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise unknown("kind of picture", kind or path.name, KINDS)
    return kind


@styled
def save(figure: Figure, path: Path) -> None:
    """Write the figure; raise UsageError for an unknown suffix or a place not there."""
    kind = kind_of(path)
    try:
        with mpl.rc_context({"svg.hashsalt": path.name}):
            figure.savefig(path, dpi=DPI, format=kind[1:], metadata=KINDS[kind])
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
