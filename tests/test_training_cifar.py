"""The reader of CIFAR-10: channels last, and one line for what is broken."""

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.errors import UsageError
from tenbin.kernels.training import data
from tenbin.kernels.training.data import cifar


def record(label: int) -> bytes:
    planes = np.arange(3 * 32 * 32, dtype=np.uint32) % 251
    return bytes([label]) + planes.astype(np.uint8).tobytes()


def write_cifar(path: Path, spoilt: str = "", content: bytes = b"") -> Path:
    file = b"".join(record(n % 10) for n in range(cifar.RECORDS))
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name in (*cifar.TRAIN, *cifar.TEST):
            member = tarfile.TarInfo(f"{cifar.FOLDER}/{name}")
            body = content if name == spoilt else file
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return path


def test_cifar_is_read_with_channels_last(tmp_path: Path) -> None:
    (tmp_path / "cifar10").mkdir()
    write_cifar(tmp_path / "cifar10" / "cifar-10-binary.tar.gz")

    found = data.load("cifar10", str(tmp_path))

    assert found.train.images.shape == (50_000, 32, 32, 3)
    assert found.test.labels[:3].tolist() == [0, 1, 2]
    expected = [n % 251 for n in (0, 1024, 2048)]
    assert found.train.images[7, 0, 0].tolist() == expected
    assert found.train.images[7, 0, 1].tolist() == [n + 1 for n in expected]


def test_broken_cifar_is_refused(tmp_path: Path) -> None:
    path = write_cifar(tmp_path / "short", "data_batch_3.bin", b"abc")
    with pytest.raises(UsageError, match=r"data_batch_3.bin does not hold 30730000"):
        cifar.read_cifar10(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(UsageError, match="broken gzip"):
        cifar.read_cifar10(path)
    path.write_bytes(b"no archive")
    with pytest.raises(UsageError, match="broken archive"):
        cifar.read_cifar10(path)
    with pytest.raises(UsageError, match=r"data_batch_1.bin: No such file"):
        cifar.read_cifar10(tmp_path)


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": partial(gzip.compress, compresslevel=1, mtime=0),
    "xz": partial(lzma.compress, preset=0),
    "bzip2": partial(bz2.compress, compresslevel=1),
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a whole archive, unpacked: its members are zeros."""
    path = tmp_path_factory.mktemp("cifar") / "archive"
    with tarfile.open(path, "w") as made:
        for name in (*cifar.TRAIN, *cifar.TEST):
            member = tarfile.TarInfo(f"{cifar.FOLDER}/{name}")
            member.size = 3 * cifar.RECORD_BYTES
            made.addfile(member, io.BytesIO(bytes(member.size)))
    return path.read_bytes()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 511), st.binary(max_size=8))),
    st.sampled_from(sorted(PACKINGS)),
    st.tuples(st.integers(0, 200), st.binary(max_size=30)),
)
def test_fuzzed_cifar_is_read_or_refused_in_one_line(
    archive: bytes,
    headers: list[tuple[int, int, bytes]],
    packing: str,
    spoilt: tuple[int, bytes],
) -> None:
    member = len(archive) // 512 // 7 * 512
    content = bytearray(archive)
    for number, place, noise in headers:
        start = number * member + place
        content[start : start + len(noise)] = noise
    packed = bytearray(PACKINGS[packing](bytes(content)))
    place, noise = spoilt
    packed[place : place + len(noise)] = noise
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"tenbin-cifar-{os.getpid()}"
    path.write_bytes(packed)
    try:
        with pytest.raises(UsageError) as caught:  # members are too short, at the least
            cifar.read_cifar10(path)
    finally:
        path.unlink()
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


READ_ALONE = """
import resource, sys
from pathlib import Path
from tenbin.errors import UsageError
from tenbin.kernels.training.data.cifar import read_cifar10
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read_cifar10(Path(sys.argv[1]))
except UsageError as error:
    print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_huge_header_in_a_small_archive_takes_no_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 400 * 2**20
    path = tmp_path / "bomb"
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(header.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(400):
            stream.write(bytes(2**20))

    told = subprocess.run(
        [sys.executable, "-c", READ_ALONE, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )

    message, grown_kib = told.stdout.splitlines()
    assert "at most 268435456" in message
    assert int(grown_kib) < 32 * 2**10
