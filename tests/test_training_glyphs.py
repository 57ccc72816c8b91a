"""Drawn glyphs: any part is that of the whole, classes can be told apart."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.kernels.training.data.glyphs import DIGITS, draw, glyphs


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
