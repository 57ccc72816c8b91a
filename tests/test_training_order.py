"""Who works on what: parts of a data set, batches of an epoch."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbin.kernels.training.data import order


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
