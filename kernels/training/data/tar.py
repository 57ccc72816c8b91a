"""The members of a tar archive that are wanted, read in one pass in bounded memory.

    512 bytes | the member, padded to 512 | 512 bytes | ...          POSIX.1-1988, ustar
    name 0..99, size 124..135 and checksum 148..155 in octal, type 156

A member of another type or name, such as an extended header, is read past. No member
can name a place: only the last part of a name counts.
"""

from collections.abc import Collection

from tenbin.kernels.training.data.stream import Stream, exactly, skip

BLOCK = 512
LARGEST_BYTES = 2**28  # of an archive
FILE_TYPES = b"0\0"


def members(
    stream: Stream, wanted: Collection[str], most_bytes: int
) -> dict[str, bytes]:
    """Return the wanted members by name; raise ValueError for what is no archive."""
    found: dict[str, bytes] = {}
    passed = 0
    while (header := stream.read(BLOCK)).strip(b"\0"):
        name, size, is_file = _parse(header)
        padded = -(-size // BLOCK) * BLOCK
        passed += BLOCK + padded
        if passed > LARGEST_BYTES:
            raise ValueError(f"broken archive: {passed} bytes; at most {LARGEST_BYTES}")
        if not (is_file and name in wanted):
            skip(stream, padded)
            continue
        if size > most_bytes:
            raise ValueError(f"{name} holds {size} bytes; at most {most_bytes}")
        found[name] = bytes(exactly(stream, size))
        skip(stream, padded - size)
    skip(stream, LARGEST_BYTES - passed)  # gzip's checksum is at the end
    return found


def _parse(header: bytes) -> tuple[str, int, bool]:
    """Return a member's name without folders, its size, and whether it is a file."""
    if len(header) < BLOCK or _octal(header[148:156]) != _checksum(header):
        raise ValueError("broken archive: not the header of a member")
    name = header[:100].rstrip(b"\0").decode("ascii", "replace")
    return (
        name.rpartition("/")[2],
        _octal(header[124:136]),
        header[156:157] in FILE_TYPES,
    )


def _octal(digits: bytes) -> int:
    text = digits.strip(b" \0")
    if not text.isdigit() or b"8" in text or b"9" in text:
        raise ValueError("broken archive: a header is not in octal digits")
    return int(text, 8)


def _checksum(header: bytes) -> int:
    """Return the sum of all bytes, those of the checksum counting as blanks."""
    return sum(header) - sum(header[148:156]) + 8 * ord(" ")
