"""Fetch data sets on a node that has a network; compute nodes mostly have none.

Each mirror is tried in turn. A file gets its name only once its SHA-256 is right, so
that whatever has the name is whole.
"""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tenbin.errors import TenbinError, UsageError, unknown
from tenbin.kernels.training.data.sources import SOURCES, Source

CHUNK_BYTES = 2**18
TIMEOUT_S = 30.0
LARGEST_BYTES = 2**30

Report = Callable[[int, int, str], None]


def fetch(name: str, folder: Path, report: Report, source: Source | None = None) -> int:
    """Bring the files of a data set to `folder / name`; return how many were fetched.

    Files that are there with the right hash stay. Raises TenbinError naming what each
    mirror said, UsageError for an unknown name or a folder that cannot be written.
    """
    if source is None and name not in SOURCES:
        raise unknown("data set to fetch", name, SOURCES)
    wanted = source or SOURCES[name]
    place = folder / name
    fetched = 0
    try:
        place.mkdir(parents=True, exist_ok=True)
        for number, (file, sha256) in enumerate(wanted.files.items()):
            report(number, len(wanted.files), file)
            if not right(place / file, sha256):
                _from_any(wanted.mirrors, place / file, sha256)
                fetched += 1
    except OSError as error:
        raise UsageError(f"{place}: {error.strerror or error}") from None
    report(len(wanted.files), len(wanted.files), "")
    return fetched


def right(path: Path, sha256: str) -> bool:
    """Return whether a file is there and has this hash."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256


def _from_any(mirrors: tuple[str, ...], path: Path, sha256: str) -> None:
    said = []
    for mirror in mirrors:
        url = mirror + path.name
        fault = _download(url, path, sha256)
        if not fault:
            return
        said.append(f"{url}: {fault}")
    raise TenbinError(f"{path.name} could not be fetched: " + "; ".join(said))


def _download(url: str, path: Path, sha256: str) -> str:
    """Fetch one file; return what went wrong, or an empty string."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with fresh.open("wb") as target:
            fault = _copy(url, target.write, sha256)
        if not fault:
            fresh.replace(path)
        return fault
    finally:
        fresh.unlink(missing_ok=True)


def _copy(url: str, write: Callable[[bytes], object], sha256: str) -> str:
    digest, size = hashlib.sha256(), 0
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:
            while chunk := answer.read(CHUNK_BYTES):
                size += len(chunk)
                if size > LARGEST_BYTES:
                    return f"more than {LARGEST_BYTES} bytes"
                digest.update(chunk)
                write(chunk)
            promised = answer.headers.get("Content-Length", "")
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code} {error.reason}"
    except urllib.error.URLError as error:
        return str(error.reason)
    except http.client.HTTPException as error:
        return f"broken transfer: {type(error).__name__}"
    except (TimeoutError, ConnectionError) as error:
        return str(error) or type(error).__name__
    if promised.isdigit() and size < int(promised):
        return f"truncated: {size} bytes of {promised}"
    found = digest.hexdigest()
    return "" if found == sha256 else f"wrong SHA-256 {found[:12]}..."
