"""CIFAR-10's binary version (Krizhevsky 2009): records of a label and three planes.

label | 1024 red | 1024 green | 1024 blue      3073 bytes, 10,000 times a file
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tenbin.errors import UsageError
from tenbin.kernels.training.data.dataset import Split
from tenbin.kernels.training.data.stream import opened
from tenbin.kernels.training.data.tar import members

CHANNELS, SIDE = 3, 32
RECORD_BYTES = 1 + CHANNELS * SIDE * SIDE
RECORDS = 10_000
FILE_BYTES = RECORDS * RECORD_BYTES
FOLDER = "cifar-10-batches-bin"
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = ("test_batch.bin",)


def read_cifar10(path: Path) -> tuple[Split, Split]:
    """Return training and test split from the archive or the folder unpacked from it.

    Raises UsageError naming the file for what is missing, short or long.
    """
    files = _from_folder(path) if path.is_dir() else _from_archive(path)
    return _split(path, files, TRAIN), _split(path, files, TEST)


def _from_folder(path: Path) -> dict[str, bytes]:
    files = {}
    for name in (*TRAIN, *TEST):
        with opened(path / name) as stream:
            files[name] = stream.read(FILE_BYTES + 1)
    return files


def _from_archive(path: Path) -> dict[str, bytes]:
    """Read the members in memory: nothing is unpacked."""
    with opened(path) as stream:
        return members(stream, (*TRAIN, *TEST), FILE_BYTES)


def _split(path: Path, files: dict[str, bytes], names: Sequence[str]) -> Split:
    for name in names:
        if name not in files:
            raise UsageError(f"{path}: no {name} in it")
        if len(files[name]) != FILE_BYTES:
            raise UsageError(f"{path}: {name} does not hold {FILE_BYTES} bytes")
    data = np.frombuffer(b"".join(files[name] for name in names), dtype=np.uint8)
    records = data.reshape(-1, RECORD_BYTES)
    planes = records[:, 1:].reshape(-1, CHANNELS, SIDE, SIDE)
    images = np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
    return Split(images, records[:, 0].copy())
