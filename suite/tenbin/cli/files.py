"""Files that verbs write: judged before the work, one line where it fails."""

import time
from pathlib import Path

from tenbin.errors import UsageError


def new_run(name: str) -> Path:
    """Return the folder of a run of that name that starts now."""
    return Path("runs") / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}"


def write(path: Path, text: str) -> None:
    """Write a file; raise UsageError with the reason where that fails."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def check_writable(path: Path | None) -> None:
    """Raise UsageError where a file could not be written, before long work."""
    if path is None:
        return
    if path.is_dir():
        raise UsageError(f"cannot write {path}: Is a directory")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"cannot write {path}: no folder {path.absolute().parent}")


def check_picture(path: Path | None) -> None:
    """Raise UsageError where a picture could not be drawn into a file, before work."""
    if path is not None:
        from tenbin.results.figures.save import kind_of

        kind_of(path)
        check_writable(path)
