"""Data sets: readers that refuse what is broken, drawn glyphs, shards."""

import bz2
import contextlib
import gzip
import io
import lzma
import os
import struct
import subprocess
import sys
import tarfile
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.cli import cli
from tenbin.errors import UsageError
from tenbin.kernels.training import data
from tenbin.kernels.training.data import cifar, order, sources
from tenbin.kernels.training.data.glyphs import DIGITS, draw, glyphs
from tenbin.kernels.training.data.idx import read_idx

IMAGES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)


def idx_bytes(array: np.ndarray) -> bytes:
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def write(path: Path, content: bytes, packed: bool = False) -> Path:
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_idx_comes_back(tmp_path: Path, packed: bool) -> None:
    path = write(tmp_path / "file", idx_bytes(IMAGES), packed)

    np.testing.assert_array_equal(read_idx(path, 3), IMAGES)


BROKEN = {
    "nothing": (b"", "shorter than its magic number"),
    "wrong magic": (b"\x89PNG" + bytes(20), "not an IDX file of bytes"),
    "floats": (b"\0\0\x0d\x03" + bytes(20), "starts with 00000d03"),
    "labels": (idx_bytes(np.zeros(7, np.uint8)), "1 axes, not 3"),
    "half a header": (idx_bytes(IMAGES)[:10], "header is truncated"),
    "truncated": (idx_bytes(IMAGES)[:-1], "truncated: 59 bytes of 60"),
    "too long": (idx_bytes(IMAGES) + b"x", "longer than the 60 bytes"),
    "huge": (b"\0\0\x08\x03" + b"\xff" * 12, "header asks for"),
    "large": (b"\0\0\x08\x03" + struct.pack(">3I", 1000, 1000, 4000), "truncated: 0"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("fault", BROKEN)
def test_broken_idx_is_refused_in_one_line(
    tmp_path: Path, fault: str, packed: bool
) -> None:
    content, message = BROKEN[fault]
    path = write(tmp_path / "images.gz", content, packed)

    with pytest.raises(UsageError, match=message) as caught:
        read_idx(path, 3)

    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=40),
    st.integers(0, 60),
    st.booleans(),
    st.booleans(),
)
def test_fuzzed_idx_is_read_or_refused(
    noise: bytes, place: int, before: bool, after: bool
) -> None:
    content = bytearray(idx_bytes(IMAGES))
    if before:
        content[place : place + len(noise)] = noise
    packed = bytearray(gzip.compress(bytes(content), mtime=0))
    if after:
        packed[place : place + len(noise)] = noise
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"tenbin-fuzz-{os.getpid()}"
    tracemalloc.start()
    try:
        path.write_bytes(packed)
        with contextlib.suppress(UsageError):
            read_idx(path, 3)
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        path.unlink()

    assert peak < 2**23


def test_a_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = write(tmp_path / "bomb", idx_bytes(IMAGES) + bytes(2**26), packed=True)
    tracemalloc.start()

    with pytest.raises(UsageError, match="longer"):
        read_idx(bomb, 3)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**23


def test_a_folder_of_idx_files_is_a_data_set(tmp_path: Path) -> None:
    make_mnist(tmp_path / "mnist")

    found = data.load("mnist", str(tmp_path), samples=4)

    assert found.train.shape == (28, 28, 1)
    assert (found.train.size, found.test.size) == (4, 3)
    assert data.default(str(tmp_path)) == "mnist"


def make_mnist(folder: Path, labels: int = 6, label: int = 9) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file, count in zip(sources.SOURCES["mnist"].files, (6, labels, 3, 3)):  # noqa: B905
        images = "images" in file
        array = np.full((count, 28, 28) if images else count, label, np.uint8)
        write(folder / file, idx_bytes(array), packed=True)


def test_counts_and_labels_have_to_fit(tmp_path: Path) -> None:
    make_mnist(tmp_path, labels=5)
    with pytest.raises(UsageError, match="6 images, 5 labels"):
        data.load("mnist", str(tmp_path))
    make_mnist(tmp_path, label=10)
    with pytest.raises(UsageError, match="label 10, but there are 10 classes"):
        data.load("mnist", str(tmp_path))


@pytest.mark.parametrize(
    ("role", "shape"),
    [("training", (0, 28, 28)), ("training", (6, 28, 0)), ("test", (0, 28, 28))],
)
def test_a_split_without_pixels_is_refused(
    tmp_path: Path, role: str, shape: tuple[int, ...]
) -> None:
    folder = tmp_path / "mnist"
    make_mnist(folder)
    files = list(sources.SOURCES["mnist"].files)
    images, labels = files[:2] if role == "training" else files[2:]
    write(folder / images, idx_bytes(np.zeros(shape, np.uint8)))
    write(folder / labels, idx_bytes(np.zeros(shape[0], np.uint8)))

    with pytest.raises(UsageError, match=f"mnist: no {role} images"):
        data.load("mnist", str(tmp_path))


def test_a_missing_data_set_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tenbin data fetch kmnist"):
        data.load("kmnist", str(tmp_path))
    assert data.default(str(tmp_path)) == "glyphs"
    with pytest.raises(UsageError, match="no data set mnits; choose from mnist"):
        data.load("mnits")


def test_the_folder_is_asked_for_or_set_or_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("TENBIN_DATA", raising=False)
    assert sources.data_folder() == tmp_path / "tenbin" / "data"
    monkeypatch.setenv("TENBIN_DATA", "/elsewhere")
    assert sources.data_folder() == Path("/elsewhere")
    assert sources.data_folder("/here") == Path("/here")


# -- CIFAR-10


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


# -- glyphs


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 200), st.integers(0, 90))
def test_any_part_of_the_glyphs_is_that_of_the_whole(start: int, count: int) -> None:
    whole = draw(range(300), seed=5)

    part = draw(range(start, start + count), seed=5)

    chosen = slice(start, start + count)
    assert part.styles is not None
    assert whole.styles is not None
    np.testing.assert_array_equal(part.images, whole.images[chosen])
    np.testing.assert_array_equal(part.labels, whole.labels[chosen])
    np.testing.assert_array_equal(part.styles, whole.styles[chosen])


def test_glyphs_differ_by_seed_split_and_sample() -> None:
    found = glyphs(train=64, test=64, seed=1)
    other = glyphs(train=64, test=64, seed=2)

    assert (found.train.images != found.test.images).any()
    assert (found.train.images != other.train.images).any()
    assert len(np.unique(found.train.rows, axis=0)) == 64


def test_glyphs_have_ink_labels_and_styles() -> None:
    found = draw(range(1000), styles=34)

    assert found.styles is not None
    assert set(found.labels.tolist()) == set(range(len(DIGITS)))
    assert len(set(found.styles.tolist())) == 34
    ink = (found.rows > 100).mean(axis=1)
    assert ink.min() > 0.02
    assert ink.max() < 0.5


def test_glyphs_of_a_class_are_nearer_than_others() -> None:
    found = glyphs(train=2000, test=300)
    train, test = (s.rows.astype(np.float32) / 255 for s in (found.train, found.test))
    distances = (train**2).sum(axis=1) - 2 * test @ train.T

    nearest = found.train.labels[distances.argmin(axis=1)]

    assert np.mean(nearest == found.test.labels) > 0.8


# -- who works on what


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 50), st.integers(1, 9))
def test_parts_cover_everything_once(count: int, ranks: int) -> None:
    parts = [order.part(count, ranks, rank) for rank in range(ranks)]

    assert [i for part in parts for i in part] == list(range(count))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 70), st.integers(1, 5))
def test_ranks_share_each_batch_of_an_epoch(count: int, batch: int, ranks: int) -> None:
    shuffled = order.permutation(count, 3, 1)
    found = list(order.batches(shuffled, batch))

    assert len(found) == order.steps(count, batch)
    for one in found:
        pieces = [order.mine(one, ranks, rank) for rank in range(ranks)]
        np.testing.assert_array_equal(np.concatenate(pieces), one)
    assert sorted(np.concatenate(found).tolist()) == list(range(count))
    rest = list(order.batches(shuffled, batch, first=1))
    assert len(rest) == len(found) - 1


def test_the_real_mnist_is_whole() -> None:
    if data.missing("mnist"):
        pytest.skip("no MNIST: set TENBIN_DATA")
    found = data.load("mnist")

    assert (found.train.size, found.test.size) == (60_000, 10_000)
    assert found.train.labels[:5].tolist() == [5, 0, 4, 1, 9]


def test_the_list_marks_what_is_here(tmp_path: Path) -> None:
    make_mnist(tmp_path / "mnist")

    result = CliRunner().invoke(cli, ["data", "list", "--data-dir", str(tmp_path)])

    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line}
    assert "yes" in lines["mnist"]
    assert "no" in lines["cifar10"]
    assert "yes" in lines["letters"]
