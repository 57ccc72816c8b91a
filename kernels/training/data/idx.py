"""IDX, the format of MNIST (LeCun et al. 1998): bytes with a header, often gzipped.

    00 00 08 03    zero, zero, unsigned byte, number of axes
    00 00 ea 60    length of each axis, big-endian
    ...            the bytes, last axis fastest

A header is not believed: memory grows with what the file really holds.
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tenbin.kernels.training.data.stream import Stream, exactly, opened

UNSIGNED_BYTE = 8
LARGEST_BYTES = 2**32


def read_idx(path: Path, axes: int) -> NDArray[np.uint8]:
    """Return the array of `axes` axes in an IDX file, gzipped or not.

    Raises UsageError naming the file for anything else.
    """
    with opened(path) as stream:
        shape = _header(stream, axes)
        data = _body(stream, int(np.prod(shape, dtype=object)))
    return np.frombuffer(data, dtype=np.uint8).reshape(shape)


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
    data = exactly(stream, size)
    if stream.read(1):
        raise ValueError(f"longer than the {size} bytes of its header")
    return data
