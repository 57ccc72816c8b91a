"""A file as a stream, gzipped or not, of which no more is read than asked for."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from gzip import GzipFile
from io import BufferedReader
from pathlib import Path

from tenbin.errors import UsageError

GZIP = b"\x1f\x8b"
CHUNK_BYTES = 2**20

Stream = GzipFile | BufferedReader


@contextmanager
def opened(path: Path) -> Iterator[Stream]:
    """Lend the content of a file.

    What goes wrong inside, ValueError included, is a UsageError of one line that names
    the file.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            yield stream
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise UsageError(f"{path}: broken gzip: {error}") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None


def exactly(stream: Stream, size: int) -> bytearray:
    """Return the next `size` bytes; memory grows with what there really is.

    Raises ValueError where there are fewer.
    """
    data = bytearray()
    while len(data) < size:
        chunk = stream.read(min(CHUNK_BYTES, size - len(data)))
        if not chunk:
            raise ValueError(f"truncated: {len(data)} bytes of {size}")
        data += chunk
    return data


def skip(stream: Stream, size: int) -> None:
    """Read past `size` bytes, or what there is of them, a piece at a time."""
    while size > 0 and (chunk := stream.read(min(CHUNK_BYTES, size))):
        size -= len(chunk)
