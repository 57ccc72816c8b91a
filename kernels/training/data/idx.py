"""IDX, the format of MNIST (LeCun et al. 1998): bytes with a header, often gzipped.

    00 00 08 03    zero, zero, unsigned byte, number of axes
    00 00 ea 60    length of each axis, big-endian
    ...            the bytes, last axis fastest

A header is not believed: memory grows with what the file really holds.
"""

import gzip
import struct
import zlib
from contextlib import closing
from gzip import GzipFile
from io import BufferedReader
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tenbin.errors import UsageError

UNSIGNED_BYTE = 8
GZIP = b"\x1f\x8b"
CHUNK_BYTES = 2**20
LARGEST_BYTES = 2**32

Stream = GzipFile | BufferedReader


def read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """Return the array of `axes` axes in an IDX file, gzipped or not.

    Raises UsageError naming the file for anything else.
    """
    try:
        with _open(path) as stream:
            shape = _header(stream, axes)
            data = _body(stream, int(np.prod(shape, dtype=object)))
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise UsageError(f"{path}: broken gzip: {error}") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


def _open(path: Path) -> Stream:
    with closing(path.open("rb")) as raw:
        packed = raw.read(2) == GZIP
    return gzip.open(path, "rb") if packed else path.open("rb")


def _header(stream: Stream, axes: int) -> tuple[int, ...]:
    magic = stream.read(4)
    if len(magic) < 4:
        raise ValueError("not an IDX file: shorter than its magic number")
    zero, kind, found = struct.unpack(">HBB", magic)
    if zero or kind != UNSIGNED_BYTE:
        raise ValueError(f"not an IDX file of bytes: it starts with {magic.hex()}")
    if found != axes:
        raise ValueError(f"an IDX file of {found} axes, not {axes}")
    lengths = stream.read(4 * axes)
    if len(lengths) < 4 * axes:
        raise ValueError("IDX header is truncated")
    return struct.unpack(f">{axes}I", lengths)


def _body(stream: Stream, size: int) -> bytearray:
    """Read `size` bytes and no more; there must not be any more."""
    if size > LARGEST_BYTES:
        raise ValueError(f"IDX header asks for {size} bytes; at most {LARGEST_BYTES}")
    data = bytearray()
    while len(data) < size:
        chunk = stream.read(min(CHUNK_BYTES, size - len(data)))
        if not chunk:
            raise ValueError(f"truncated: {len(data)} bytes of {size}")
        data += chunk
    if stream.read(1):
        raise ValueError(f"longer than the {size} bytes of its header")
    return data
