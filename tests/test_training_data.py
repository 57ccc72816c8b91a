"""Data sets: IDX files that come back or are refused, folders, what is here."""

import contextlib
import gzip
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.cli import cli
from tenbin.errors import UsageError
from tenbin.kernels.training import data
from tenbin.kernels.training.data import sources
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
