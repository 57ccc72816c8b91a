"""Writer identification: pairs, twins, the contrastive loss, the matrix."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tenbin.case import Case
from tenbin.errors import UsageError
from tenbin.kernels.training import KERNEL, variant
from tenbin.kernels.training.data import Dataset, Split, load, missing
from tenbin.kernels.training.layers import (
    Activate,
    Conv,
    Dense,
    Layer,
    MaxPool,
    Network,
)
from tenbin.kernels.training.losses import LOSSES
from tenbin.kernels.training.problem import TrainingProblem
from tenbin.kernels.training.siamese.contrastive import Contrastive
from tenbin.kernels.training.siamese.matrix import judge
from tenbin.kernels.training.siamese.pairs import pairs
from tenbin.kernels.training.siamese.settings import Settings
from tenbin.kernels.training.siamese.twin import Twin

RNG = np.random.default_rng(5)
TARGETS = np.eye(2)[[0, 1, 1, 0, 1]]
X = RNG.standard_normal((5, 6, 6, 2))


def written(writers: int, each: int = 6) -> Dataset:
    """Return images that show their writer and their number."""
    styles = np.repeat(np.arange(writers), each)
    images = np.zeros((styles.size, 2, 2, 1), dtype=np.uint8)
    images[:, 0, 0, 0], images[:, 1, 1, 0] = styles, np.tile(np.arange(each), writers)
    split = Split(images, np.zeros(styles.size, np.uint8), styles.astype(np.int32))
    return Dataset("written", split, split)


def twin() -> list[Layer]:
    return [Twin([Conv(3, 3), Activate("tanh"), MaxPool(), Dense(4)])]


@pytest.mark.parametrize("balanced", [True, False])
def test_pairs_are_of_the_writers_that_they_say(balanced: bool) -> None:
    settings = Settings(writers=4, pairs=4000, cell_pairs=3, balanced=balanced)
    found = pairs(written(4), settings, 1)
    for split in (found.train, found.test):
        a, b = split.images[:, 0, 0, 0], split.images[:, 0, 0, 1]
        assert split.styles is not None
        assert np.array_equal(split.styles, a * 4 + b)
        assert np.array_equal(split.labels, a == b)
    share = found.train.labels.mean()
    assert share == pytest.approx(0.5 if balanced else 0.25, abs=0.05)


def test_no_image_is_paired_with_itself() -> None:
    found = pairs(written(3, 2), Settings(writers=3, pairs=500, cell_pairs=4), 1).train
    same = found.labels == 1
    left, right = found.images[same][..., 0], found.images[same][..., 1]
    assert np.all(np.any(left != right, axis=(1, 2)))


def test_every_cell_is_tested_alike() -> None:
    test = pairs(written(3), Settings(writers=3, cell_pairs=7), 1).test
    assert test.styles is not None
    assert np.bincount(test.styles).tolist() == [7] * 9


def test_a_set_without_writers_is_refused() -> None:
    plain = written(3)
    nameless = Split(plain.train.images, plain.train.labels)
    with pytest.raises(UsageError, match="does not know its writers"):
        pairs(Dataset("plain", nameless, nameless), Settings(writers=3), 1)
    with pytest.raises(UsageError, match="writer 3 has 0 images, needs 2"):
        pairs(plain, Settings(writers=4), 1)


@pytest.mark.parametrize("head", ["logistic", "contrastive"])
def test_gradients_are_those_of_finite_differences(head: str) -> None:
    contrastive = head == "contrastive"
    loss = Contrastive(1.5) if contrastive else LOSSES["cross-entropy"]
    stack = twin() if contrastive else [*twin(), Dense(2)]
    net = Network(stack, X.shape[1:], len(X), "float64")

    def value() -> float:
        return float(loss(np, net.forward(X.copy()), TARGETS, len(X))[0])

    _, delta = loss(np, net.forward(X.copy()), TARGETS, len(X))
    net.backward(delta)
    found = net.gradients.copy()
    for place in RNG.choice(net.weights.size, 40, replace=False):
        kept = net.weights[place]
        net.weights[place] = kept + 1e-6
        above = value()
        net.weights[place] = kept - 1e-6
        below = value()
        net.weights[place] = kept
        assert found[place] == pytest.approx((above - below) / 2e-6, abs=1e-7)


def test_the_order_of_a_pair_does_not_matter() -> None:
    net = Network([*twin(), Dense(2)], X.shape[1:], len(X), "float64")
    there = net.forward(X.copy()).copy()
    assert np.array_equal(there, net.forward(X[..., ::-1].copy()))


def test_the_matrix_counts_right_answers() -> None:
    cells = np.array([0, 0, 1, 2, 3, 3])  # 00 00 01 10 11 11
    same = np.array([0.9, 0.2, 0.1, 0.7, 0.8, 0.6])
    found = judge(same, cells, 2)
    assert found["matrix"] == [[0.5, 1.0], [0.0, 1.0]]
    assert found["same_recall"] == 0.75
    assert found["different_recall"] == 0.5
    assert found["balanced_accuracy"] == 0.625


def save(path: Path, ink: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(ink).save(path)


def test_nist_by_writer_is_read_white_on_black(tmp_path: Path) -> None:
    page = np.full((128, 128), 255, dtype=np.uint8)
    page[40:80, 40:80] = 0
    for writer in ("f0001_00", "f0002_00"):
        for number in range(5):
            name = f"d{writer[1:]}_{number:05d}.png"
            place = tmp_path / "nist19" / "by_write" / "hsf_0" / writer
            save(place / f"d{writer[1:]}" / name, page)
    found = load("nist19", str(tmp_path), styles=2)
    assert found.train.size == 8
    assert found.test.size == 2
    assert found.train.images[0, 0, 0, 0] == 0
    assert found.train.images[0, 13, 13, 0] == 255
    with pytest.raises(UsageError, match="2 writers' digits, not 3"):
        load("nist19", str(tmp_path), styles=3)
    few = load("nist19", str(tmp_path), samples=3, styles=2).train
    assert few.styles is not None
    assert few.styles.tolist() == [0, 0, 1]
    (tmp_path / "nist19/by_write/hsf_0/f0001_00/d0001_00/x.png").write_bytes(b"PNG?")
    with pytest.raises(UsageError, match=r"x\.png: not an image"):
        load("nist19", str(tmp_path), styles=2)


def test_forms_are_refused_with_what_is_read_instead(tmp_path: Path) -> None:
    assert "no " in missing("nist19", str(tmp_path))
    (tmp_path / "nist19" / "hsf_page").mkdir(parents=True)
    assert "holds whole forms; unpack by_write" in missing("nist19", str(tmp_path))
    with pytest.raises(UsageError, match="unpack by_write, digit by digit"):
        load("nist19", str(tmp_path), styles=2)


@pytest.mark.parametrize("method", ["adam", "vogn", "semi-nmf"])
def test_digits_are_not_learnt_from_a_set_that_tells_writers(method: str) -> None:
    case = Case("training", method, "float32", TrainingProblem("nist19", "20"))
    assert "nist19 tells writers, not digits" in KERNEL.misfit(case)
    twins = replace(case, variant="siamese")
    assert KERNEL.misfit(twins) == ""


def test_bad_settings_are_one_line() -> None:
    problem = TrainingProblem("glyphs", "20", settings="writers=1")
    with pytest.raises(UsageError, match="writers = 1; at least 2"):
        variant("siamese").misfit(problem, "float32")
