"""Where data sets come from: files, SHA-256, mirrors; and where they lie."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

VARIABLE = "TENBIN_DATA"
_UNPACKED = {"cifar-10-binary.tar.gz": ("cifar-10-batches-bin",)}


@dataclass(frozen=True)
class Source:
    """The files of a data set with their SHA-256, and addresses to find them under."""

    summary: str
    mirrors: tuple[str, ...]
    files: Mapping[str, str]


_IDX = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def _idx(*hashes: str) -> dict[str, str]:
    return dict(zip(_IDX, hashes, strict=True))


SOURCES: dict[str, Source] = {
    "mnist": Source(
        "handwritten digits, 28x28",
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        _idx(
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
    "fashion-mnist": Source(
        "clothes, 28x28",
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/"
            "data/fashion/",
        ),
        _idx(
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
    "kmnist": Source(
        "cursive hiragana, 28x28",
        (
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        ),
        _idx(
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
        ),
    ),
    "cifar10": Source(
        "photographs of ten classes, 32x32 in colour",
        ("https://www.cs.toronto.edu/~kriz/",),
        {
            "cifar-10-binary.tar.gz": (
                "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
            )
        },
    ),
}


def data_folder(asked: str = "") -> Path:
    """Return the folder of all data sets: as asked, TENBIN_DATA, or XDG's."""
    chosen = asked or os.environ.get(VARIABLE, "")
    return Path(chosen) if chosen else user_data_path("tenbin") / "data"


def present(name: str, folder: Path) -> bool:
    """Return whether the data set's files are there, unread."""
    return all(find(name, file, folder) is not None for file in SOURCES[name].files)


def find(name: str, file: str, folder: Path) -> Path | None:
    """Return a file of a data set, packed or unpacked, or None.

    Looks in the data set's own folder, then in `folder` itself.
    """
    for place in (folder / name, folder):
        for spelling in (file, file.removesuffix(".gz"), *_UNPACKED.get(file, ())):
            path: Path = place / spelling
            if path.exists():
                return path
    return None
